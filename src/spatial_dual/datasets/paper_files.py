"""Catalog types of what goes into a paper: tables and figures in all their forms."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import ImagePreview, TablePreview

from spatial_dual.datasets.folders import write_file

if TYPE_CHECKING:
    from spatial_dual.figures.forms import PaperFigure
    from spatial_dual.tables.table import Table


class PaperTableDataset(AbstractDataset[Any, Any]):
    """A table as CSV, Markdown, LaTeX and JSON beside each other; loaded from the JSON.

    Args:
        filepath: of all forms, without suffix.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._stem = Path(filepath)
        self.metadata = metadata

    def load(self) -> "Table":
        """The table."""
        from spatial_dual.tables.table import Table

        return Table.model_validate_json(_file(self._stem, "json").read_text("utf-8"))

    def save(self, data: "Table") -> None:
        """Write every form, each atomically, the one that is loaded last."""
        forms = {
            "csv": data.to_csv(),
            "md": data.to_markdown(),
            "tex": data.to_latex(),
            "json": data.model_dump_json(indent=1) + "\n",
        }
        for suffix, text in forms.items():
            write_file(_file(self._stem, suffix), text.encode())

    def preview(self) -> TablePreview:
        """The cells as they are printed."""
        table = self.load()
        columns = [(column.title, column.digits) for column in table.columns]
        return TablePreview(
            {
                "columns": [table.head, *(title for title, _ in columns)],
                "index": list(range(len(table.rows))),
                "data": [
                    [row.name, *(c.text(n) for c, (_, n) in zip(row.cells, columns, strict=True))]
                    for row in table.rows
                ],
            }
        )

    def _exists(self) -> bool:
        return all(_file(self._stem, suffix).is_file() for suffix in ("csv", "md", "tex", "json"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._stem)}


class PaperFigureDataset(AbstractDataset[Any, Any]):
    """A figure as PNG and SVG, and as Plotly JSON where it is a chart; loaded as the SVG's text.

    Equal figures give equal bytes: no form holds a date, a version or a random identifier.

    Args:
        filepath: of all forms, without suffix.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._stem = Path(filepath)
        self.metadata = metadata

    def load(self) -> str:
        """The SVG."""
        return _file(self._stem, "svg").read_text("utf-8")

    def save(self, data: "PaperFigure") -> None:
        """Write every form, each atomically, the one that is loaded last."""
        write_file(_file(self._stem, "png"), data.to_png())
        plotly = data.to_plotly()
        if plotly is not None:
            write_file(_file(self._stem, "json"), plotly.encode())
        write_file(_file(self._stem, "svg"), data.to_svg().encode())

    def preview(self) -> ImagePreview:
        """The PNG in base64, as Kedro-Viz shows it."""
        return ImagePreview(base64.b64encode(_file(self._stem, "png").read_bytes()).decode())

    def _exists(self) -> bool:
        return all(_file(self._stem, suffix).is_file() for suffix in ("png", "svg"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._stem)}


def _file(stem: Path, suffix: str) -> Path:
    return stem.with_name(f"{stem.name}.{suffix}")
