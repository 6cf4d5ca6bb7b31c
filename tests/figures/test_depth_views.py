"""Figures of lifted pictures: what is drawn where."""

import numpy as np
import pytest

from spatial_dual.figures.depth_views import (
    EDGES,
    DepthView,
    box_corners,
    depth_figure,
    told_once,
)
from spatial_dual.figures.space import space_figure
from spatial_dual.perception.camera import Camera
from spatial_dual.scene.graph import Box3D, Relation, SceneGraph, SceneObject

CAMERA = Camera(90)
GRAPH = SceneGraph(
    objects=(
        SceneObject(label="cup", attributes=("red",), box=Box3D(center=(0, 0, 3), size=(1, 2, 1))),
        SceneObject(label="table", box=Box3D(center=(0, -1, 0.1), size=(1, 1, 1))),
        SceneObject(label="ghost"),
    ),
    relations=(
        Relation(subject=0, predicate="behind", object=1, source="depth", confidence=0.6),
        Relation(subject=1, predicate="in front of", object=0, source="depth", confidence=0.6),
        Relation(subject=0, predicate="on", object=1, source="depth", confidence=0.7),
    ),
    place="kitchen",
)
DEPTH = np.where(np.arange(40)[:, None] < 20, np.nan, np.full((40, 60), 2.0))
VIEW = DepthView("one", np.full((40, 60, 3), 99, np.uint8), DEPTH, GRAPH, CAMERA, np.eye(3))


def texts(axes):
    return {text.get_text() for text in axes.texts}


def test_corners_span_the_box_and_turn_with_it():
    assert len(EDGES) == 12
    straight = box_corners(GRAPH.objects[0].box)
    np.testing.assert_allclose(np.ptp(straight, axis=0), [1, 2, 1])
    np.testing.assert_allclose(straight.mean(0), [0, 0, 3], atol=1e-12)
    turned = box_corners(Box3D(center=(0, 0, 3), size=(1, 2, 4), yaw=np.pi / 2))
    np.testing.assert_allclose(np.ptp(turned, axis=0), [4, 2, 1], atol=1e-12)


def test_converses_are_told_once_and_the_most_telling_first():
    assert [each.predicate for each in told_once(GRAPH)] == ["on", "behind"]


def test_row_of_photo_depth_boxes_and_graph():
    photo, depth, boxes, graph = depth_figure([VIEW]).axes[:4]
    assert photo.get_title() == "one"
    shown = depth.images[0].get_array()
    assert np.ma.getmaskarray(shown)[:20].all()
    assert float(shown[30, 30]) == 2.0
    assert len(boxes.lines) == 12, "the box around the camera is not drawn"
    # the far face of the cup's box, 3.5 m away: 1 m across at a focal length of 20 pixels
    widths = {round(float(np.ptp(line.get_xdata())), 3) for line in boxes.lines}
    assert round(20 / 3.5, 3) in widths
    assert {"red cup", "table", "ghost\n(position unknown)", "on"} <= texts(graph)
    assert "behind" not in texts(graph)
    assert graph.get_title() == "kitchen"


def test_space_holds_known_points_and_boxes():
    figure = space_figure([VIEW, VIEW])
    points = figure.data[0]
    assert len(points.x) == 20 * 60
    assert set(points.y) == {2.0}, "away is Plotly's y"
    boxes = [trace for trace in figure.data if trace.mode == "lines"]
    assert [trace.name for trace in boxes] == ["red cup 1", "table 2"] * 2
    assert boxes[0].text == "red cup 1<br>on table 2<br>behind table 2"
    heights = [value for value in boxes[0].z if value is not None]
    assert (min(heights), max(heights)) == (-1.0, 1.0)
    assert [bool(trace.visible) for trace in figure.data] == [True] * 3 + [False] * 3


def test_nothing_is_refused():
    for draw in (depth_figure, space_figure):
        with pytest.raises(ValueError, match="no picture was looked at"):
            draw([])
