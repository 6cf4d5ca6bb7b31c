"""Ratings by people → cells of Table 3, and how far the raters agree."""

import numpy as np
import pandas as pd

from spatial_dual.metrics.significance import mean_and_deviation
from spatial_dual.tables.table import Cell

RATING_COLUMNS = ("rater", "system", "question", "item", "rating")
NAMES = {"sd3": "SD³", "coarse_to_fine": "Frido", "ar_captioner_3d": "3DVSD"}
"""Rows of Table 3 that variants stand in."""


def rating_cells(ratings: pd.DataFrame) -> dict[str, dict[str, Cell]]:
    """System → question → mean of all ratings, with the deviation between raters' means."""
    cells: dict[str, dict[str, Cell]] = {}
    for (system, question), group in ratings.groupby(["system", "question"]):
        by_rater = group.groupby("rater")["rating"].mean().tolist()
        _, deviation = mean_and_deviation(by_rater)
        cell = Cell(
            mean=float(group["rating"].mean()),
            deviation=deviation,
            seeds=len(by_rater),
            samples=int(group["item"].nunique()),
        )
        cells.setdefault(NAMES.get(system, system), {})[question] = cell
    return cells


def rating_notes(ratings: pd.DataFrame) -> list[str]:
    """Raters, items, and Krippendorff's α of each question."""
    if ratings.empty:
        return []
    notes = ["Ours: mean rating ± standard deviation between the raters' means."]
    for question, group in ratings.groupby("question"):
        table = group.pivot_table(index="rater", columns="item", values="rating")
        alpha = krippendorff_alpha(table.to_numpy())
        agreement = "no item has two ratings" if alpha is None else f"α = {alpha:.2f}"
        notes.append(
            f"{question}: {len(table)} raters, {table.shape[1]} items; Krippendorff's {agreement} "
            "(interval)."
        )
    return notes


def krippendorff_alpha(ratings: np.ndarray) -> float | None:
    """Agreement of raters (raters, items), NaN where one did not rate; squared distances.

    α = 1 − observed / expected disagreement: 1 is perfect, 0 is chance. None if no item has two
    ratings, or all ratings are equal (Krippendorff 2011).
    """
    counts = (~np.isnan(ratings)).sum(axis=0)
    paired = ratings[:, counts >= 2]
    values = paired[~np.isnan(paired)]
    if not len(values) or values.var() == 0:
        return None
    # Σ over ordered pairs of (a − b)² is 2 n Σ (a − mean)²
    units = [unit[~np.isnan(unit)] for unit in paired.T]
    observed = sum(2 * len(u) * u.var() * len(u) / (len(u) - 1) for u in units) / len(values)
    expected = 2 * len(values) * values.var() / (len(values) - 1)
    return float(1 - observed / expected)
