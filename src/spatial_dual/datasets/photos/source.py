"""Photographs with captions, whatever they lie in, as the project's records in splits."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from spatial_dual.datasets.photos.rows import BadRow, PhotoRow, RecordShape, read_photo
from spatial_dual.datasets.quarantine import Finding

SPLITS = ("train", "val", "test")
_ARRAYS = ("image", "depth", "instances")


class Listing(Protocol):
    """Where rows come from; each reader has its own."""

    def splits(self) -> dict[str, int]:
        """Rows of each split, unusable ones included."""
        ...

    def rows(self, split: str) -> Iterable[PhotoRow]:
        """The rows of a split in reading order."""
        ...


class PhotoSource:
    """Photographs as record chunks.

    A photo without depth has depth 0 everywhere, one without instances has no labels: perception
    fills both. Cameras are assumed (``shape.fov_deg``, pitch and height unknown).

    Args:
        listing: the rows.
        shape: of the records.
    """

    def __init__(self, listing: Listing, shape: RecordShape) -> None:
        self._listing = listing
        self._shape = shape

    def splits(self) -> dict[str, int]:
        """Rows of each split, unusable ones included."""
        return self._listing.splits()

    def chunks(self, split: str, size: int) -> Iterator[dict[str, Any] | Finding]:
        """Records of a split, ``size`` rows at a time, and between them what was left out.

        Columns: id, image uint8 (n, H, W, 3), depth float16 (n, H, W) metres, instances uint8
        (n, H, W), labels, camera (JSON), graph (JSON, "" where none is annotated), captions,
        place ("").
        """
        rows: list[dict[str, Any]] = []
        seen: set[str] = set()
        for number, row in enumerate(self._listing.rows(split), start=1):
            try:
                if row.id in seen:
                    raise BadRow("this id stands in an earlier row too")
                record, findings = read_photo(row, self._shape)
            except BadRow as reason:
                yield Finding(row.file, row.id or f"row {number} of {split}", str(reason))
                continue
            seen.add(row.id)
            rows.append(record)
            yield from findings
            if len(rows) == size:
                yield _stack(rows)
                rows = []
        if rows:
            yield _stack(rows)


class HashSplit:
    """Splits rows by a hash of their id alone, so that neither order nor company matters.

    Args:
        val: share of the ids in "val".
        test: share of the ids in "test".

    Raises:
        ValueError: nothing is left to train on.
    """

    def __init__(self, val: float, test: float) -> None:
        if min(val, test) < 0 or val + test >= 1:
            raise ValueError(f"shares of val {val} and test {test} leave no train")
        self._val, self._test = val, test

    def __call__(self, identifier: str) -> str:
        """The split of an id."""
        digest = hashlib.blake2b(identifier.encode(errors="replace"), digest_size=8).digest()
        share = int.from_bytes(digest, "big") / 2**64
        if share < self._test:
            return "test"
        return "val" if share < self._test + self._val else "train"


def _stack(rows: list[dict[str, Any]]) -> dict[str, Any]:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return {
        name: np.stack(column) if name in _ARRAYS else column for name, column in columns.items()
    }
