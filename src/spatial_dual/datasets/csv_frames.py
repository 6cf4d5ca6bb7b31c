"""Tables of runs as CSV: texts come back as they were, and no spreadsheet takes one for a formula.

Ids and raters are texts of strangers: "007", "NA", "=1+1", or with a carriage return in them.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from spatial_dual.printing import csv_cell, from_csv_cell

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("id", "rater")
"""Columns that are texts whatever stands in them."""


def frame_to_csv(frame: "pd.DataFrame") -> bytes:
    """UTF-8 of the table, without its index; see ``printing.csv_cell``."""
    safe = _with_texts(frame, csv_cell)
    # the csv module leaves a carriage return unquoted, where readers then end the row
    returns = any(safe[name].astype(str).str.contains("\r", regex=False).any() for name in safe)
    quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    return bytes(safe.to_csv(index=False, lineterminator="\n", quoting=quoting).encode())


def read_frame(path: Path | str) -> "pd.DataFrame":
    """The table that ``frame_to_csv`` wrote."""
    import pandas as pd

    columns = pd.read_csv(path, nrows=0).columns
    frame = pd.read_csv(
        path,
        dtype=dict.fromkeys(TEXTS, str),
        keep_default_na=False,
        na_values={name: [""] for name in columns if name not in TEXTS},
    )
    return _with_texts(frame, from_csv_cell)


def _with_texts(frame: "pd.DataFrame", change: Callable[[str], str]) -> "pd.DataFrame":
    from pandas.api.types import is_numeric_dtype

    changed = {
        name: column.map(lambda value: change(value) if isinstance(value, str) else value)
        for name, column in frame.items()
        if not is_numeric_dtype(column)
    }
    return frame.assign(**{str(name): column for name, column in changed.items()})
