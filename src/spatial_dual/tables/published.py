"""The numbers that the paper reports (Zhao et al., NeurIPS 2024), to stand beside ours."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from spatial_dual.tables.table import Cell, Column

NOTE = "Columns marked [published] are the paper's numbers, on VSD with its models; never ours."


def published_columns(table: int) -> list[Column]:
    """The paper's columns of a table."""
    return [Column(heading=name, published=True) for name in _tables()[f"table_{table}"]["columns"]]


def published_cells(table: int, row: str) -> list[Cell]:
    """The paper's row; empty cells where it reports nothing."""
    content = _tables()[f"table_{table}"]
    values = content["rows"].get(row, [None] * len(content["columns"]))
    return [Cell(mean=value) for value in values]


@cache
def _tables() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((files(__package__) / "published.json").read_text("utf-8"))
    return content
