"""Graphs over pictures, listings, contact sheets."""

import numpy as np
import pytest
from PIL import Image, ImageColor

from spatial_dual.figures.boxes import PALETTE, name_of, with_boxes
from spatial_dual.figures.listing import listing
from spatial_dual.figures.sheet import MARGIN, contact_sheet
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject

CUP = SceneObject(
    label="cup",
    attributes=("red", "striped", "upright", "small"),
    region=(0.25, 0.5, 0.75, 1.0),
    distance=2.0,
)
GRAPH = SceneGraph(
    objects=(CUP, SceneObject(label="table")),
    relations=(
        Relation(subject=0, predicate="above", object=1),
        Relation(subject=1, predicate="under", object=0),
    ),
    place="kitchen",
)
WHITE = np.full((64, 64, 3), 255, np.uint8)


def test_outline_lies_where_the_region_is():
    drawn = np.asarray(with_boxes(WHITE, GRAPH, 128))
    colour = ImageColor.getrgb(PALETTE[0])
    assert tuple(drawn[90, 32]) == tuple(drawn[90, 96]) == colour
    assert tuple(drawn[90, 64]) == tuple(drawn[20, 64]) == (255, 255, 255)


def test_region_outside_the_picture_draws_nothing():
    away = SceneGraph(objects=(SceneObject(label="cup", region=(1.1, 0.0, 1.4, 0.5)),))
    assert np.asarray(with_boxes(WHITE, away, 128)).min() == 255


def test_name_is_colour_and_label():
    assert name_of(CUP) == "red cup"


def test_listing_names_each_relation_once():
    lines = listing(GRAPH).splitlines()
    assert lines[0].startswith("  1. cup: red, striped, upright, small [centre 0.50 across")
    assert "2.0 m away" in lines[0]
    assert lines[2:] == ["  place: kitchen", "  cup (1) above table (2)"]
    assert listing(SceneGraph()) == "  (empty)"


def test_sheet_places_pictures_in_rows():
    red, blue = (Image.new("RGB", (40, 40), name) for name in ("red", "blue"))
    sheet = np.asarray(contact_sheet(["a", "b"], [[red, "some words"], [blue, red]]))
    bottom = sheet.shape[0] - MARGIN - 20
    assert tuple(sheet[bottom, MARGIN + 20]) == (0, 0, 255)
    assert tuple(sheet[bottom, 2 * MARGIN + 60]) == (255, 0, 0)
    assert sheet.shape[1] == 3 * MARGIN + 80


def test_long_texts_are_cut_inside_their_cell():
    text = " ".join(["furniture"] * 40)
    sheet = np.asarray(contact_sheet(["", ""], [[text, Image.new("RGB", (96, 96), "red")]]))
    beside = sheet[:, MARGIN + 96 : 2 * MARGIN + 96]
    assert beside.min() == 255


def test_ragged_sheet_is_refused():
    with pytest.raises(ValueError, match="each row needs 2 cells"):
        contact_sheet(["a", "b"], [["only one"]])
