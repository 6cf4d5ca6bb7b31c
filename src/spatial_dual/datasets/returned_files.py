"""Catalog types of what lies in folders that may not be there yet."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

from spatial_dual.datasets.reading import BadFileError, read_json

if TYPE_CHECKING:
    from spatial_dual.datasets.records import Records


class ReturnedFilesDataset(AbstractDataset[None, dict[str, Any]]):
    """The JSON files of a folder by name; none where the folder is absent. Read only.

    Raises:
        DatasetError: on load, a file that is not JSON, or no regular file, with its name.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        """File name → content, in order of names."""
        try:
            return {path.name: read_json(path) for path in sorted(self._folder.glob("*.json"))}
        except BadFileError as error:
            raise DatasetError(f"{error}; ask for the file again") from error

    def save(self, data: None) -> None:
        """Always fails: people put the files there."""
        raise DatasetError(f"{self._folder}: is read only; put the returned files there")

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._folder)}


class SampleSetsDataset(AbstractDataset[None, "dict[str, Records]"]):
    """Samples of several systems, each a folder of record shards; those that are there. Read only.

    Args:
        folders: system → folder.

    Raises:
        DatasetError: on load, none of the folders is there.
    """

    def __init__(
        self, *, folders: Mapping[str, str], metadata: dict[str, Any] | None = None
    ) -> None:
        self._folders = {name: Path(folder) for name, folder in folders.items()}
        self.metadata = metadata

    def load(self) -> "dict[str, Records]":
        """System → its samples."""
        from spatial_dual.datasets.records import Records

        present = {name: f for name, f in self._folders.items() if f.is_dir()}
        if not present:
            folders = ", ".join(map(str, self._folders.values()))
            raise DatasetError(f"no samples in {folders}; run the generate stage")
        return {name: Records(folder) for name, folder in present.items()}

    def save(self, data: None) -> None:
        """Always fails: ``generate`` writes samples."""
        raise DatasetError("sample sets are read only; the generate stage writes them")

    def _exists(self) -> bool:
        return any(folder.is_dir() for folder in self._folders.values())

    def _describe(self) -> dict[str, Any]:
        return {"folders": {name: str(folder) for name, folder in self._folders.items()}}
