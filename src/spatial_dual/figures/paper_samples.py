"""Figures 4, 10 and 11 of the paper: samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

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
