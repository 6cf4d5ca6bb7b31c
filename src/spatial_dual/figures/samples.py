"""Contact sheet of samples: both directions with the graphs on the way."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from spatial_dual.figures.boxes import with_boxes
from spatial_dual.figures.sheet import Cell, contact_sheet
from spatial_dual.scene.graph import SceneGraph


def headings(drawings: int, candidates: int) -> tuple[str, ...]:
    """Of the columns; the outputs say out of how many the model chose them."""
    return (
        *("text", "3DSG of the text", _chosen("drawn", drawings), "from gold 3DSG"),
        *("gold image", "its VSG", "completed 3DSG", _chosen("description", candidates)),
    )


def samples_sheet(
    rows: Sequence[Mapping[str, Any]], side: int, drawings: int, candidates: int
) -> Image.Image:
    """One row a sample of the ``generate`` stage, with its gold ``image``.

    Args:
        rows: columns of ``samples``, and ``image``.
        side: of a picture, pixels.
        drawings: of a text, of which one is shown.
        candidates: descriptions of an image, of which one is shown.
    """
    return contact_sheet(headings(drawings, candidates), [_cells(row, side) for row in rows])


def _chosen(what: str, count: int) -> str:
    return f"{what}, chosen of {count}" if count > 1 else what


def _cells(row: Mapping[str, Any], side: int) -> list[Cell]:
    blank = np.full_like(row["image"], 235)

    def plain(image: np.ndarray) -> Image.Image:
        return with_boxes(image, SceneGraph(), side)

    def boxed(image: np.ndarray, graph: str) -> Image.Image:
        return with_boxes(image, SceneGraph.from_json(graph), side)

    return [
        row["caption"],
        boxed(blank, row["text_completed"]),
        plain(row["drawn"]),
        plain(row["drawn_from_gold"]),
        plain(row["image"]),
        boxed(row["image"], row["visual_graph"]),
        boxed(blank, row["visual_completed"]),
        row["description"],
    ]
