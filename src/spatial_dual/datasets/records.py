"""Sharded, memory-mapped, columnar records: the unit of all data on disk.

A folder holds ``shard-00000.arrow`` … (Arrow IPC files) and ``manifest.json``, without which it
does not exist for any reader. Images and other fixed-shape arrays are
``arrow.fixed_shape_tensor`` columns, so a gather copies straight out of the page cache.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from spatial_dual.datasets.folders import identity, stored
from spatial_dual.datasets.record_columns import Chunk, RecordsError, is_numeric, to_numpy
from spatial_dual.datasets.shard_folder import read_manifest, write_shards
from spatial_dual.datasets.shard_reader import open_shard


def write_records(
    folder: Path | str,
    chunks: Iterable[Chunk],
    rows_per_shard: int = 2048,
    recipe: str | None = None,
) -> "Records":
    """Stream chunks of rows into shards; at most one chunk is held in memory.

    Each chunk maps every column name to as many values as it has rows: an array
    ``(rows, ...)`` of numbers (one shape and dtype per column), or a sequence of strings, numbers
    or (nested) lists. The first chunk decides the columns; a list column that has only empty lists
    so far takes its type from the first chunk that has a value. Earlier records in ``folder`` stay
    until all chunks are written. Equal chunks give equal bytes. With ``recipe`` a ``ChunkSeries``
    is asked for what is not there yet alone, see ``write_shards``.

    Raises:
        RecordsError: columns, shapes or types differ between chunks, or lengths within one.
    """
    if rows_per_shard < 1:
        raise RecordsError(f"{folder}: rows_per_shard must be at least 1, got {rows_per_shard}")
    write_shards(Path(folder), chunks, rows_per_shard, recipe)
    return Records(folder)


class Records:
    """Rows of a record folder, read lazily from memory-mapped shards.

    Raises:
        RecordsError: the folder is incomplete (see ``read_manifest``).
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._identity = identity(self.folder)
        manifest = read_manifest(self.folder)
        self.columns: tuple[str, ...] = tuple(manifest["columns"])
        self._files: list[str] = [shard["file"] for shard in manifest["shards"]]
        # The rows of each batch are in the manifest, so that no shard is opened before its use.
        self._batch_shard = np.repeat(
            np.arange(len(self._files)), [len(shard["batches"]) for shard in manifest["shards"]]
        )
        rows = [rows for shard in manifest["shards"] for rows in shard["batches"]]
        self._starts = np.concatenate([[0], np.cumsum(rows, dtype=np.int64)]).astype(np.int64)
        self._schema: pa.Schema | None = None
        self._opened: dict[int, list[pa.RecordBatch]] = {}
        self._views: dict[tuple[str, int], np.ndarray] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs; it opens the shards itself."""
        return {**self.__dict__, "_opened": {}, "_views": {}}

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __repr__(self) -> str:
        return f"Records({str(self.folder)!r}, rows={len(self)}, columns={list(self.columns)})"

    def array(self, name: str, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Rows of a numeric column as a fresh array ``(len(indices), ...)`` in the asked order.

        Raises:
            RecordsError: no such column, or one of strings or lists.
            IndexError: an index outside ``0 … len(self) - 1``.
        """
        wanted = self._checked(name, indices)
        if not len(self):
            raise RecordsError(f"{self.folder}: no rows, so column {name!r} has no shape")
        sample = self._view(name, 0)
        gathered = np.empty((len(wanted), *sample.shape[1:]), sample.dtype)
        for batch, positions, rows in self._located(wanted):
            gathered[positions] = self._view(name, batch)[rows]
        return gathered

    def values(self, name: str, indices: Sequence[int] | np.ndarray | None = None) -> list[Any]:
        """Rows of any column as Python values (all rows by default), in the asked order.

        Raises:
            RecordsError: no such column.
            IndexError: an index outside ``0 … len(self) - 1``.
        """
        wanted = self._checked(name, range(len(self)) if indices is None else indices)
        values: list[Any] = [None] * len(wanted)
        for batch, positions, rows in self._located(wanted):
            taken = self._batch(batch).column(name).take(pa.array(rows)).to_pylist()
            for position, value in zip(positions.tolist(), taken, strict=True):
                values[position] = value
        return values

    def chunks(
        self, size: int, columns: Sequence[str] | None = None
    ) -> Iterator[dict[str, np.ndarray | list[Any]]]:
        """All rows in order, ``size`` at a time: arrays for numeric columns, lists for others."""
        for start in range(0, len(self), size):
            yield self.chunk(range(start, min(start + size, len(self))), columns)

    def chunk(
        self, rows: range, columns: Sequence[str] | None = None
    ) -> dict[str, np.ndarray | list[Any]]:
        """Some rows: arrays for numeric columns, lists for others."""
        return {
            name: self.array(name, rows) if self._is_numeric(name) else self.values(name, rows)
            for name in (self.columns if columns is None else columns)
        }

    @cached_property
    def id_index(self) -> dict[str, int]:
        """Row of each value of the ``id`` column.

        Raises:
            RecordsError: an id appears twice, or there is no such column.
        """
        ids = self.values("id")
        index = {identifier: row for row, identifier in enumerate(ids)}
        if len(index) != len(ids):
            twice = next(name for row, name in enumerate(ids) if index[name] != row)
            raise RecordsError(f"{self.folder}: column 'id' has {twice!r} more than once")
        return index

    def _checked(self, name: str, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        if name not in self.columns:
            raise RecordsError(
                f"{self.folder}: no column {name!r}; it has {', '.join(self.columns) or 'none'}"
            )
        wanted = np.asarray(indices, dtype=np.int64)
        if wanted.size and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise IndexError(
                f"{self.folder}: rows {wanted.min()}…{wanted.max()} asked, it has {len(self)}"
            )
        return wanted

    def _located(self, wanted: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """(batch, positions in ``wanted``, rows in the batch) for each batch that is touched."""
        if not wanted.size:
            return
        batches = np.searchsorted(self._starts, wanted, side="right") - 1
        order = np.argsort(batches, kind="stable")
        borders = np.flatnonzero(np.diff(batches[order])) + 1
        for positions in np.split(order, borders):
            batch = int(batches[positions[0]])
            yield batch, positions, wanted[positions] - self._starts[batch]

    def _batch(self, batch: int) -> pa.RecordBatch:
        shard = int(self._batch_shard[batch])
        first = int(np.searchsorted(self._batch_shard, shard))
        if shard not in self._opened:
            if identity(self.folder) != self._identity:
                raise RecordsError(f"{self.folder}: replaced after it was opened; load it again")
            last = int(np.searchsorted(self._batch_shard, shard, side="right"))
            rows = np.diff(self._starts[first : last + 1]).tolist()
            self._opened[shard] = open_shard(
                stored(self.folder) / self._files[shard], self.columns, rows, self._schema
            )
            self._schema = self._opened[shard][0].schema
        return self._opened[shard][batch - first]

    def _view(self, name: str, batch: int) -> np.ndarray:
        if (name, batch) not in self._views:
            column = self._batch(batch).column(name)
            if not is_numeric(column.type):
                raise RecordsError(
                    f"{self.folder}: column {name!r} holds {column.type}, not numbers of one "
                    "shape; read it with values()"
                )
            try:
                self._views[name, batch] = to_numpy(column)
            except (pa.ArrowException, ValueError) as error:
                raise RecordsError(f"{self.folder}: column {name!r}: {error}") from error
        return self._views[name, batch]

    def _is_numeric(self, name: str) -> bool:
        self._checked(name, ())
        return is_numeric(self._batch(0).schema.field(name).type)
