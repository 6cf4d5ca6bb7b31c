"""Figures 4 and 9 to 11 of the paper: samples, and a graph on its way."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from spatial_dual.figures.boxes import name_of, with_boxes
from spatial_dual.figures.fonts import typeface
from spatial_dual.figures.forms import Picture
from spatial_dual.figures.sheet import Cell, contact_sheet
from spatial_dual.scene.graph import SceneGraph

Rows = Sequence[Mapping[str, Any]]


HEADINGS = {
    "caption": "text",
    "drawn": "drawn by SD³",
    "drawn_from_gold": "SD³ from gold 3DSG",
    "image": "gold image",
    "description": "described by SD³",
    "drawn_by_coarse_to_fine": "drawn by Frido-type",
    "described_by_ar_captioner_3d": "described by 3DVSD-type",
}
"""What columns of rows show; those of baselines are there where the baseline has run."""


def figure_4(rows: Rows, side: int) -> Picture:
    """Both directions of the same records, beside baselines."""
    names = (
        *("caption", "drawn_by_coarse_to_fine", "drawn"),
        *("image", "described_by_ar_captioner_3d", "description"),
    )
    return _sheet("Fig. 4. Samples of both directions", names, rows, side)


def figure_10(rows: Rows, side: int) -> Picture:
    """ST2I: what is drawn from the text, by baselines too, and from the gold graph."""
    names = ("caption", "drawn_by_coarse_to_fine", "drawn", "drawn_from_gold", "image")
    return _sheet("Fig. 10. Text to image", names, rows, side)


def figure_11(rows: Rows, side: int) -> Picture:
    """SI2T: what is said, by baselines too, beside a caption of the data."""
    names = ("image", "described_by_ar_captioner_3d", "description", "caption")
    return _sheet("Fig. 11. Image to text", names, rows, side)


def figure_9(
    traces: Mapping[str, tuple[SceneGraph, Sequence[tuple[int, SceneGraph]]]], side: int
) -> Picture:
    """Graphs on the way from an initial graph to a 3DSG.

    Args:
        traces: kind of the initial graph ("TSG", "VSG") → it, and the graphs at times T … 0; all
            of the same times.
        side: of a graph's drawing, pixels.
    """
    times = [time for time, _ in next(iter(traces.values()))[1]]
    rows: list[list[Cell]] = [
        [f"from {kind}", *(_graph(g, side) for g in (initial, *(graph for _, graph in held)))]
        for kind, (initial, held) in traces.items()
    ]
    headings = ("", "initial", *(f"t = {time}" for time in times))
    return Picture(contact_sheet(headings, rows), "Fig. 9. A 3DSG comes about")


def _graph(graph: SceneGraph, side: int) -> Image.Image:
    """Regions with names, names of what has no region, and the numbers of nodes below."""
    size = max(8, side // 16)
    inner, font = side - 2 * size - 6, typeface(size)
    picture = Image.new("RGB", (side, side), "white")
    picture.paste(with_boxes(np.full((inner, inner, 3), 245, np.uint8), graph, inner))
    pen = ImageDraw.Draw(picture)
    unplaced = "\n".join(name_of(item) for item in graph.objects if item.region is None)
    pen.multiline_text((3, 2), unplaced, fill="black", font=font)
    numbers = (_count(graph.objects, "object"), _count(graph.relations, "relation"))
    pen.multiline_text((0, inner + 1), "\n".join(numbers), fill="#444444", font=font, spacing=2)
    return picture


def _count(nodes: Sequence[object], kind: str) -> str:
    return f"{len(nodes)} {kind}{'' if len(nodes) == 1 else 's'}"


def _sheet(title: str, names: Sequence[str], rows: Rows, side: int) -> Picture:
    shown = [name for name in names if name in rows[0]]
    cells = [[_cell(row[name], side) for name in shown] for row in rows]
    return Picture(contact_sheet([HEADINGS[name] for name in shown], cells), title)


def _cell(value: str | np.ndarray, side: int) -> Cell:
    if isinstance(value, str):
        return value
    picture: Image.Image = with_boxes(value, SceneGraph(), side)
    return picture
