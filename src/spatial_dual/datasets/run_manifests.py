"""Catalog type of the manifests that every run leaves."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from spatial_dual.datasets.reading import read_json

Manifest = dict[str, Any]


class RunManifestsDataset(AbstractDataset[None, list[Manifest]]):
    """Manifests of the runs so far, oldest first; none where there is no folder. Read only.

    It describes itself without a path, so that what shows the manifests does not count as stale
    after every run.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(folder)
        self.metadata = metadata

    def load(self) -> list[Manifest]:
        """The content of each file."""
        found = [read_json(path) for path in sorted(self._folder.glob("*.json"))]
        return sorted(found, key=lambda manifest: manifest.get("number", 0))

    def save(self, data: None) -> None:
        """Always fails: the hooks write manifests."""
        raise DatasetError(f"{self._folder}: is read only; every run writes its own manifest")

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {}
