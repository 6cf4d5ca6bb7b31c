"""Catalog type of small objects kept as JSON."""

import json
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from spatial_dual.datasets.classes import CatalogClass
from spatial_dual.datasets.folders import write_file


class JSONObjectDataset(AbstractDataset[Any, Any]):
    """An object whose class has ``to_dict`` and ``from_dict``, as one JSON file.

    ::

        vocabulary:
          type: spatial_dual.datasets.json_objects.JSONObjectDataset
          filepath: ${globals:data}/03_primary/vocabulary.json
          class: spatial_dual.scene.vocabulary.Vocabulary
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None, **options: str):
        self._path = Path(filepath)
        self._class = CatalogClass(filepath, options)
        self.metadata = metadata

    def load(self) -> Any:
        """The object; raises DatasetError where the file is of another version, or none at all."""
        kind = self._class.get()
        try:
            return kind.from_dict(self._read())
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise DatasetError(
                f"{self._path}: not for {kind.__name__} as it is now: {reason}; run the stage that "
                "makes it again"
            ) from error

    def save(self, data: Any) -> None:
        """Replace the file atomically."""
        self._class.check(data)
        content = json.dumps(data.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        write_file(self._path, (content + "\n").encode())

    def preview(self) -> JSONPreview:
        """The JSON itself."""
        return JSONPreview(json.dumps(self._read()))

    def _read(self) -> Any:
        return json.loads(self._path.read_text(encoding="utf-8"))

    def _exists(self) -> bool:
        try:
            self._read()
        except (FileNotFoundError, ValueError):
            return False
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path), "class": self._class.path}
