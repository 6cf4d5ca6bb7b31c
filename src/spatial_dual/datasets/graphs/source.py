"""Graphs of annotated files as aligned records without a picture."""

import gzip
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from spatial_dual.datasets.limits import DATASET_BYTES, GZIP_RATIO, TEXT_BYTES
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.datasets.reading import BadFileError, read_bytes
from spatial_dual.datasets.text_files import check_id, decode_text
from spatial_dual.scene.graph import SceneGraph

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class GraphRow:
    """A gold graph and the texts that say it."""

    id: str
    graph: SceneGraph
    captions: tuple[str, ...] = ()


Read = Callable[[Path], Iterator[GraphRow | Finding]]
"""Reader of one file; what it leaves out stands between the rows."""


class GraphSource:
    """Graphs in splits, as record chunks.

    Args:
        files: file of each split; a split without one has no rows.
        read: the reader of their format.
    """

    def __init__(self, files: Mapping[str, Path], read: Read) -> None:
        self._files = files
        self._parts = cache(lambda split: list(read(files[split])) if split in files else [])

    def splits(self) -> dict[str, int]:
        """Rows of each split, unusable ones included."""
        return {split: sum(map(_is_row, self._parts(split))) for split in SPLITS}

    def chunks(self, split: str, size: int) -> Iterator[dict[str, Any] | Finding]:
        """Records of a split, ``size`` rows at a time, and between them what was left out.

        Columns: id, graph (JSON), captions, labels (those of the graph's objects), place.
        """
        rows: list[GraphRow] = []
        seen: set[str] = set()
        for part in self._parts(split):
            if isinstance(part, Finding):
                yield part
                continue
            try:
                check_id(part.id)
                if part.id in seen:
                    raise ValueError("this id stands in an earlier row too")
            except ValueError as reason:
                yield Finding(str(self._files[split]), part.id, str(reason))
                continue
            seen.add(part.id)
            rows.append(part)
        for start in range(0, len(rows), size):
            yield _columns(rows[start : start + size])


def read_text(path: Path) -> str:
    """Text of a file, gzipped or not.

    Raises:
        BadFileError, OSError, EOFError, zlib.error: it cannot be read, or is too large.
    """
    data = read_bytes(path, DATASET_BYTES)
    return decode_text(_unpacked(data, path) if path.suffix == ".gz" else data, path)


def _unpacked(data: bytes, path: Path) -> bytes:
    limit = min(DATASET_BYTES, GZIP_RATIO * len(data) + TEXT_BYTES)
    with gzip.open(io.BytesIO(data)) as stream:
        unpacked = stream.read(limit + 1)
    if len(unpacked) > limit:
        raise BadFileError(path, f"unpacks to more than {limit} bytes")
    return unpacked


def _is_row(part: GraphRow | Finding) -> bool:
    return isinstance(part, GraphRow) or part.left_out == "record"


def _columns(rows: list[GraphRow]) -> dict[str, Any]:
    return {
        "id": [row.id for row in rows],
        "graph": [row.graph.to_json() for row in rows],
        "captions": [list(row.captions) for row in rows],
        "labels": [[item.label for item in row.graph.objects] for row in rows],
        "place": [row.graph.place or "" for row in rows],
    }
