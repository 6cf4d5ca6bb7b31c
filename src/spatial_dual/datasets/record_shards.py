"""Catalog type for record shards."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from spatial_dual.datasets.record_columns import Chunk, RecordsError
from spatial_dual.datasets.records import Records, write_records
from spatial_dual.datasets.shard_folder import damages

logger = logging.getLogger(__name__)


class RecordShardsDataset(AbstractDataset[Chunk | Iterable[Chunk], Records]):
    """Record shards in a folder (see ``spatial_dual.datasets.records``).

    ``save`` takes one chunk (a mapping of columns) or an iterator of chunks, which it consumes as
    a stream; of a ``ChunkSeries`` only the chunks of shards that are absent or damaged. A node must
    *return* the iterator, not be a generator function itself: Kedro would save each yielded chunk
    as if it were the whole. ``load`` gives lazy ``Records``. ``exists`` is true only for a finished
    folder whose shards hold every byte that was written; bad ones are named in the log.

    Args:
        filepath: the folder.
        rows_per_shard: rows of one file.
        metadata: kept for Kedro plugins, unused.

    Attributes:
        recipe: set before ``save``, names what the data are made of, so that shards of the same
            recipe are not made again.
    """

    recipe: str | None = None

    def __init__(
        self, filepath: str, rows_per_shard: int = 2048, metadata: dict[str, Any] | None = None
    ) -> None:
        self._folder = Path(filepath)
        self._rows_per_shard = rows_per_shard
        self.metadata = metadata

    def load(self) -> Records:
        """Lazy records; raises DatasetError (folder, reason) if they are not complete."""
        try:
            return Records(self._folder)
        except RecordsError as error:
            raise DatasetError(str(error)) from error

    def save(self, data: Chunk | Iterable[Chunk]) -> None:
        """Stream the chunks to disk; the former records stay until all are written."""
        chunks = [data] if isinstance(data, Mapping) else data
        try:
            write_records(self._folder, chunks, self._rows_per_shard, self.recipe)
        except RecordsError as error:
            raise DatasetError(str(error)) from error

    def preview(self, nrows: int = 5) -> TablePreview:
        """First rows as a kedro-viz table; arrays are shown by shape and dtype."""
        records = self.load()
        chunk = next(records.chunks(nrows), {})
        columns = [[_cell(value) for value in column] for column in chunk.values()]
        return TablePreview(
            {
                "columns": list(chunk),
                "index": list(range(len(columns[0]) if columns else 0)),
                "data": [list(row) for row in zip(*columns, strict=True)],
            }
        )

    def _exists(self) -> bool:
        try:
            found = damages(self._folder)
        except RecordsError as error:
            found = [str(error)]
        if self._folder.exists():
            for line in found:
                logger.warning("%s", line)
        return not found

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder), "rows_per_shard": self._rows_per_shard}


def _cell(value: Any) -> str | int | float:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {'×'.join(map(str, value.shape))}"
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"
