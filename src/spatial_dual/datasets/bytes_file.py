"""Catalog type of one file of bytes."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from spatial_dual.datasets.folders import write_file


class BytesDataset(AbstractDataset[bytes, bytes]):
    """Bytes as they are, written atomically."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> bytes:
        """The file's content."""
        return self._path.read_bytes()

    def save(self, data: bytes) -> None:
        """Replace the file."""
        write_file(self._path, data)

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
