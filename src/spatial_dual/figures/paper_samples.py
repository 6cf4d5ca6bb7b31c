"""Figures 4 and 9 to 11 of the paper: samples, and a graph on its way."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spatial_dual.figures.boxes import with_boxes
from spatial_dual.figures.forms import Picture
from spatial_dual.figures.sheet import Cell, contact_sheet
from spatial_dual.scene.graph import SceneGraph

Rows = Sequence[Mapping[str, Any]]


def figure_4(rows: Rows, side: int) -> Picture:
    """Both directions of the same records."""
    headings = ("text", "drawn by SD³", "gold image", "described by SD³")
    names = ("caption", "drawn", "image", "description")
    return _sheet("Fig. 4. Samples of both directions", headings, names, rows, side)


def figure_10(rows: Rows, side: int) -> Picture:
    """ST2I: what is drawn, from the text and from the gold graph."""
    headings = ("text", "drawn by SD³", "drawn from gold 3DSG", "gold image")
    names = ("caption", "drawn", "drawn_from_gold", "image")
    return _sheet("Fig. 10. Text to image", headings, names, rows, side)


def figure_11(rows: Rows, side: int) -> Picture:
    """SI2T: what is said, beside a caption of the data."""
    headings = ("image", "described by SD³", "a caption of it")
    return _sheet(
        "Fig. 11. Image to text", headings, ("image", "description", "caption"), rows, side
    )


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
    """Regions with names, and the number of relations below."""
    blank = np.full((side, side, 3), 245, np.uint8)
    picture: Image.Image = with_boxes(blank, graph, side)
    text = f"{len(graph.objects)} objects, {len(graph.relations)} relations"
    font = ImageFont.load_default(size=max(9, side // 14))
    ImageDraw.Draw(picture).text((3, side - side // 10), text, fill="#444444", font=font)
    return picture


def _sheet(
    title: str, headings: Sequence[str], names: Sequence[str], rows: Rows, side: int
) -> Picture:
    cells = [[_cell(row[name], side) for name in names] for row in rows]
    return Picture(contact_sheet(headings, cells), title)


def _cell(value: str | np.ndarray, side: int) -> Cell:
    if isinstance(value, str):
        return value
    picture: Image.Image = with_boxes(value, SceneGraph(), side)
    return picture
