"""Rows of a data set as chunks of which any can be made alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Chunk = Mapping[str, Any]
Make = Callable[[range], Chunk]


@dataclass(frozen=True)
class ChunkSeries:
    """Chunks in order, each made of nothing but its own row numbers.

    What a node returns in this form can be made again in parts: ``RecordShardsDataset`` asks only
    for the chunks of shards that are absent or damaged.

    Attributes:
        rows: of all chunks together.
        size: rows of a chunk; the last one may have fewer.
        make: the chunk of a range of rows, equal whenever it is asked.
        name: of the work, for its progress bar; "" for none.
        through: runs ``make`` over ranges and keeps their order, as the built-in ``map`` does.
    """

    rows: int
    size: int
    make: Make
    name: str = ""
    through: Callable[[Make, Iterable[range]], Iterable[Chunk]] = map

    def __iter__(self) -> Iterator[Chunk]:
        return self.covering(0, self.rows)

    def covering(self, start: int, stop: int) -> Iterator[Chunk]:
        """The chunks that hold rows ``start … stop - 1``, whole, as a stream."""
        from spatial_dual.progress import progress_bar

        starts = range(start // self.size * self.size, stop, self.size)
        ranges = (range(n, min(n + self.size, self.rows)) for n in starts)
        total = min(starts[-1] + self.size, self.rows) - starts[0] if starts else 0
        with progress_bar(self.name, total, "row", hidden=not self.name) as bar:
            for n, chunk in zip(starts, self.through(self.make, ranges), strict=True):
                yield chunk
                bar.update(min(self.size, self.rows - n))
