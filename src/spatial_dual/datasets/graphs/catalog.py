"""Catalog type of annotated graphs."""

import csv
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from spatial_dual.datasets.graphs.factual import read_pairs
from spatial_dual.datasets.graphs.source import GraphRow, GraphSource, Read
from spatial_dual.datasets.graphs.threedssg import read_scans
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.datasets.reading import found_below


class GoldGraphsDataset(AbstractDataset[None, GraphSource]):
    """Gold graphs of 3DSSG, or captions with gold graphs of FACTUAL; read only.

    Args:
        path: folder of the files.
        format: "3dssg" or "factual".
        files: name pattern of each split's file, such as ``{"train": "relationships_train*"}``.
        max_objects: objects kept of a 3DSSG graph (see ``threedssg.read_scans``).
        metadata: kept for Kedro plugins, unused.

    Raises:
        DatasetError: on load, an unknown format, no path, or not one file for a pattern; while
            reading, a file of another form.
    """

    def __init__(
        self,
        path: str | None,
        format: str,
        files: Mapping[str, str],
        max_objects: int = 9,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path = path
        self._format = format
        self._files = dict(files)
        self._max_objects = max_objects
        self.metadata = metadata

    def load(self) -> GraphSource:
        """The source; no file is read yet."""
        readers: dict[str, Read] = {
            "3dssg": partial(read_scans, max_objects=self._max_objects),
            "factual": read_pairs,
        }
        if self._format not in readers:
            raise DatasetError(f"format {self._format!r}; known: {', '.join(readers)}")
        if not self._path:
            raise DatasetError(f"no graphs given: add --params=gold_graphs.path={self._format}_DIR")
        return GraphSource(self._found(Path(self._path)), partial(_read, readers[self._format]))

    def save(self, data: None) -> None:
        """Annotations are never written; raises DatasetError."""
        raise DatasetError("annotated graphs are read only")

    def _found(self, folder: Path) -> dict[str, Path]:
        found = {}
        for split, pattern in self._files.items():
            files = found_below(folder, pattern)
            if len(files) != 1:
                listed = ", ".join(file.name for file in files) or "none"
                raise DatasetError(f"{folder}: one file {pattern} is needed, found: {listed}")
            found[split] = files[0]
        return found

    def _exists(self) -> bool:
        return bool(self._path) and Path(str(self._path)).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {
            "path": self._path,
            "format": self._format,
            "files": self._files,
            "max_objects": self._max_objects,
        }


def _read(read: Read, path: Path) -> Iterator[GraphRow | Finding]:
    try:
        yield from read(path)
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise DatasetError(f"{path}: {error}") from error
