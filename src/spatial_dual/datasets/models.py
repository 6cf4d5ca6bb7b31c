"""Catalog type of trained models."""

import json
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from spatial_dual.datasets.classes import CatalogClass
from spatial_dual.datasets.folders import is_whole, verify_folder
from spatial_dual.datasets.weights import CONFIG, load_model, save_model


class ModelDataset(AbstractDataset[Any, Any]):
    """A model as a folder of ``config.json``, ``model.safetensors`` and a manifest of hashes.

    The class has a dataclass attribute ``Config``, takes one as its only argument and keeps it as
    ``config``. It exists only while every byte is the one that was saved. Loaded in eval mode.

    ::

        perceiver:
          type: spatial_dual.datasets.models.ModelDataset
          filepath: ${globals:data}/06_models/perceiver
          class: spatial_dual.perception.network.PerceiverNetwork
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None, **options: str):
        self._folder = Path(filepath)
        self._class = CatalogClass(filepath, options)
        self.metadata = metadata

    def load(self) -> Any:
        """The model, on the CPU and in eval mode."""
        return load_model(self._folder, self._class.get())

    def save(self, data: Any) -> None:
        """Replace the stored model; a failure leaves the one before."""
        self._class.check(data)
        save_model(self._folder, data)

    def preview(self) -> JSONPreview:
        """The configuration and the files with their sizes."""
        folder = verify_folder(self._folder)
        config = json.loads((folder / CONFIG).read_text())
        sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
        return JSONPreview(json.dumps({"config": config, "bytes": sizes}))

    def _exists(self) -> bool:
        return is_whole(self._folder)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder), "class": self._class.path}
