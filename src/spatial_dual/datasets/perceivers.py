"""Catalog type of perceivers, whichever kind they are."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from spatial_dual.datasets.folders import is_whole, verify_folder

if TYPE_CHECKING:
    from spatial_dual.perception.stored import StoredPerceiver


class PerceiverDataset(AbstractDataset["StoredPerceiver", "StoredPerceiver"]):
    """Our trained network, or the names of published checkpoints, in a folder under a manifest.

    It exists only while every byte is the one that was saved.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> "StoredPerceiver":
        """The perceiver, in eval mode; the run's own parameters name its checkpoints."""
        from spatial_dual.perception.stored import load_perceiver

        return load_perceiver(self._folder, allow_hub=True)

    def save(self, data: "StoredPerceiver") -> None:
        """Replace the stored perceiver; a failure leaves the one before."""
        from spatial_dual.perception.stored import save_perceiver

        save_perceiver(self._folder, data)

    def preview(self) -> JSONPreview:
        """The configuration."""
        folder = verify_folder(self._folder)
        files = [folder / name for name in ("config.json", "hub.json")]
        found = {file.stem: json.loads(file.read_text()) for file in files if file.is_file()}
        return JSONPreview(json.dumps(found))

    def _exists(self) -> bool:
        return is_whole(self._folder)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
