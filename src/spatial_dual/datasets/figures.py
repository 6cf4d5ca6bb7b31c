"""Catalog types of pictures made for people."""

import base64
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import ImagePreview, PlotlyPreview

from spatial_dual.datasets.folders import read_object, write_file

if TYPE_CHECKING:
    from PIL.Image import Image
    from plotly.graph_objects import Figure


class FigureDataset(AbstractDataset[Any, Any]):
    """A PNG, saved from a Pillow image or a Matplotlib figure, loaded as a Pillow image.

    Equal figures give equal bytes: no date or version is written into the file.
    """

    def __init__(self, *, filepath: str, dpi: int = 150, metadata: dict[str, Any] | None = None):
        self._path = Path(filepath)
        self._dpi = dpi
        self.metadata = metadata

    def load(self) -> "Image":
        """The picture."""
        from PIL import Image

        with Image.open(self._path) as image:
            image.load()
            return image

    def save(self, data: Any) -> None:
        """Replace the file atomically."""
        content = io.BytesIO()
        if hasattr(data, "savefig"):
            data.savefig(content, format="png", dpi=self._dpi, metadata={"Software": None})
        else:
            data.save(content, format="PNG")
        write_file(self._path, content.getvalue())

    def preview(self) -> ImagePreview:
        """The picture in base64, as Kedro-Viz shows it."""
        return ImagePreview(base64.b64encode(self._path.read_bytes()).decode())

    def _exists(self) -> bool:
        try:
            self.load()
        except (DatasetError, OSError):
            return False
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


class InteractiveFigureDataset(AbstractDataset["Figure", "Figure"]):
    """A Plotly figure as JSON.

    Kedro's own ``plotly.JSONDataset`` writes in place, and imports IPython when a run only asks
    whether the figure is there.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> "Figure":
        """The figure."""
        from plotly.io import from_json

        return from_json(self._path.read_text(encoding="utf-8"))

    def save(self, data: "Figure") -> None:
        """Replace the file atomically."""
        write_file(self._path, data.to_json().encode())

    def preview(self) -> PlotlyPreview:
        """The figure's JSON, as Kedro-Viz draws it."""
        return PlotlyPreview(json.loads(self._path.read_text(encoding="utf-8")))

    def _exists(self) -> bool:
        return bool(read_object(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
