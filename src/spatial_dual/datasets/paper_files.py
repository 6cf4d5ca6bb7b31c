"""Catalog types of what goes into a paper: tables and figures in all their forms."""

import base64
import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import ImagePreview, TablePreview

from spatial_dual.datasets.folders import replace_files

if TYPE_CHECKING:
    from spatial_dual.figures.forms import PaperFigure
    from spatial_dual.tables.table import Table


class PaperTableDataset(AbstractDataset[Any, Any]):
    """A table as CSV, Markdown, LaTeX and JSON beside each other; loaded from the JSON.

    It exists where all forms are those of one table.

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
        """Replace all forms, each atomically, once all of them are on disk."""
        _write(self._stem, _forms(data.model_dump_json(indent=1) + "\n"))

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
        try:
            forms = _forms(_file(self._stem, "json").read_text("utf-8"))
            return all(_file(self._stem, name).read_bytes() == forms[name] for name in forms)
        except (FileNotFoundError, ValueError):
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._stem)}


class PaperFigureDataset(AbstractDataset[Any, Any]):
    """A figure as PNG and SVG, and as Plotly JSON where it is a chart; loaded as the SVG's text.

    Equal figures give equal bytes: no form holds a date, a version or a random identifier. The
    SVG's last line holds the SHA-256 of the other forms; the figure exists where they agree.

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
        """Replace all forms, each atomically, once all of them are on disk."""
        plotly = data.to_plotly()
        forms = {"png": data.to_png()} | ({"json": plotly.encode()} if plotly is not None else {})
        text = f"{data.to_svg().rstrip()}\n{_signature(forms)}"
        _write(self._stem, forms | {"svg": text.encode()})

    def preview(self) -> ImagePreview:
        """The PNG in base64, as Kedro-Viz shows it."""
        return ImagePreview(base64.b64encode(_file(self._stem, "png").read_bytes()).decode())

    def _exists(self) -> bool:
        try:
            signature = self.load().splitlines(keepends=True)[-1]
            forms = [name for name in ("png", "json") if f" {name} " in signature]
            stored = {name: _file(self._stem, name).read_bytes() for name in forms}
        except (DatasetError, FileNotFoundError, IndexError):
            return False
        return signature == _signature(stored)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._stem)}


def _file(stem: Path, suffix: str) -> Path:
    return stem.with_name(f"{stem.name}.{suffix}")


def _forms(text: str) -> dict[str, bytes]:
    """All forms of the table that a JSON states, the one that is loaded last."""
    from spatial_dual.tables.table import Table

    table = Table.model_validate_json(text)
    forms = {"csv": table.to_csv(), "md": table.to_markdown(), "tex": table.to_latex()}
    return {name: content.encode() for name, content in {**forms, "json": text}.items()}


def _signature(forms: Mapping[str, bytes]) -> str:
    """XML comment with the SHA-256 of forms."""
    digests = (f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in forms.items())
    return f"<!-- sha256 {' '.join(digests)} -->\n"


def _write(stem: Path, forms: Mapping[str, bytes]) -> None:
    replace_files(
        {_file(stem, name): partial(Path.write_bytes, data=data) for name, data in forms.items()}
    )
