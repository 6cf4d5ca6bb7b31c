"""Record batches as shard files, with the manifest that says which of them are whole."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from spatial_dual.datasets.folders import MANIFEST, create, file_digest, flush, write_file
from spatial_dual.datasets.shard_manifest import MANIFEST_VERSION, Shard, shard_name


class ShardWriter:
    """Writes shards into a folder whose manifest lists those that are whole.

    Args:
        folder: it is there.
        rows_per_shard: rows of all shards but the last.
        shards: those that are there already, by number.
    """

    def __init__(self, folder: Path, rows_per_shard: int, shards: dict[int, Shard]) -> None:
        self._folder = folder
        self._rows_per_shard = rows_per_shard
        self._shards = dict(shards)
        self._number = 0
        self._batches: list[int] = []
        self._file: pa.ipc.RecordBatchFileWriter | None = None
        self.schema: pa.Schema | None = None
        for shard in list(shards.values())[:1]:
            with pa.memory_map(str(folder / shard["file"])) as stored:
                self.schema = pa.ipc.open_file(stored).schema

    def write(self, batches: Iterable[pa.RecordBatch], number: int) -> None:
        """Write batches as shards from that number on."""
        self._number = number
        try:
            for batch in batches:
                self._add(batch)
            self._finish_shard()
        finally:
            if self._file is not None:  # half a shard: a full disk should not stay full of it
                self._path.unlink()
                with suppress(OSError):
                    self._file.close()

    def write_manifest(self) -> None:
        """List the shards that are whole."""
        shards = [self._shards[number] for number in sorted(self._shards)]
        manifest = {
            "version": MANIFEST_VERSION,
            "rows": sum(shard["rows"] for shard in shards),
            "columns": self.schema.names if self.schema is not None else [],
            "shards": shards,
        }
        write_file(self._folder / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())

    def _add(self, batch: pa.RecordBatch) -> None:
        self.schema = batch.schema
        while batch.num_rows:
            if self._file is None:
                create(self._path).close()  # Arrow would follow a link
                self._file = pa.ipc.new_file(str(self._path), batch.schema)
            part = batch.slice(0, self._rows_per_shard - sum(self._batches))
            self._file.write_batch(part)
            self._batches.append(part.num_rows)
            if sum(self._batches) == self._rows_per_shard:
                self._finish_shard()
            batch = batch.slice(part.num_rows)

    def _finish_shard(self) -> None:
        if self._file is None:
            return
        self._file.close()
        self._file = None
        flush(self._path)
        self._shards[self._number] = {
            "file": self._path.name,
            "rows": sum(self._batches),
            "batches": self._batches,
            "bytes": self._path.stat().st_size,
            "sha256": file_digest(self._path),
        }
        self._batches = []
        self._number += 1
        self.write_manifest()

    @property
    def _path(self) -> Path:
        return self._folder / shard_name(self._number)
