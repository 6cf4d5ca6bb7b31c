"""What lifting makes of a picture: photo, depth, boxes and graph side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spatial_dual.figures.boxes import PALETTE, name_of
from spatial_dual.perception.camera import Camera
from spatial_dual.scene.graph import INVERSE_PREDICATE, Box3D, Relation, SceneGraph

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

SIDE = 3.2
"""Of a panel, inches."""
MOST_RELATIONS = 14
"""Arrows of a graph, one a pair of objects."""
TELLING = (
    *("part of", "in", "on", "next to", "in front of", "behind", "above", "under"),
    *("to the left of", "to the right of"),
)
"""Predicates from the most to the least telling: which are drawn where there is no room for all."""
FARTHEST_SHARE = 99
"""Per cent of the depth that the colours span; stray far pixels would take them all."""
NEAR = 0.05
"""Metres; ends of boxes nearer to the camera's plane are not drawn."""
CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2
EDGES = [
    (a, b) for a in range(8) for b in range(a + 1, 8) if np.abs(CORNERS[a] - CORNERS[b]).sum() == 1
]
"""Pairs of corners of a box that an edge joins."""


@dataclass(frozen=True)
class DepthView:
    """A picture, its depth and what was lifted from them.

    Attributes:
        name: heading.
        image: (height, width, 3) uint8.
        depth: (height, width) metres, 0 or not finite = unknown.
        graph: objects with boxes, in the levelled frame.
        camera: that took the picture.
        rotation: (3, 3), camera frame → levelled frame.
    """

    name: str
    image: NDArray[np.uint8]
    depth: NDArray[np.floating]
    graph: SceneGraph
    camera: Camera
    rotation: Array


def depth_figure(views: Sequence[DepthView]) -> "Figure":
    """One row a view: photo, depth, 3D boxes over the photo, graph.

    Raises:
        ValueError: no view.
    """
    from matplotlib import rc_context

    if not views:
        raise ValueError("nothing to draw: no picture was looked at")
    with rc_context({"text.parse_math": False}):  # a label with "$" is no formula
        return _drawn(views)


def _drawn(views: Sequence[DepthView]) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * SIDE, SIDE * len(views)), layout="constrained")
    for row, view in zip(figure.subplots(len(views), 4, squeeze=False), views, strict=True):
        for axes in row:
            axes.set_axis_off()
        row[0].imshow(view.image)
        row[0].set_title(view.name, fontsize=9)
        known = np.isfinite(view.depth) & (view.depth > 0)
        farthest = np.percentile(view.depth[known], FARTHEST_SHARE) if known.any() else 1.0
        metres = np.where(known, view.depth, np.nan)
        shown = row[1].imshow(metres, cmap="viridis_r", vmax=float(farthest))
        figure.colorbar(shown, ax=row[1], shrink=0.7, label="metres")
        row[2].imshow(view.image)
        _draw_boxes(row[2], view)
        _draw_graph(row[3], view.graph)
    return figure


def box_corners(box: Box3D) -> Array:
    """(8, 3) corners in the levelled frame."""
    turn = np.array(
        [
            [math.cos(box.yaw), 0, math.sin(box.yaw)],
            [0, 1, 0],
            [-math.sin(box.yaw), 0, math.cos(box.yaw)],
        ]
    )
    return np.asarray(CORNERS * box.size @ turn.T + box.center)


def told_once(graph: SceneGraph) -> list[Relation]:
    """Of each relation and its converse one, the most telling first, then the surest."""
    told: set[tuple[int, str, int]] = set()
    kept = []
    for each in graph.relations:
        if (each.object, INVERSE_PREDICATE.get(each.predicate, ""), each.subject) not in told:
            told.add((each.subject, each.predicate, each.object))
            kept.append(each)
    order = {predicate: rank for rank, predicate in enumerate(TELLING)}
    return sorted(kept, key=lambda r: (order.get(r.predicate, len(order)), -(r.confidence or 0)))


def _draw_boxes(axes: "Axes", view: DepthView) -> None:
    height, width = view.depth.shape
    fx, fy, cx, cy = view.camera.pixel_intrinsics(height, width)
    for number, item in enumerate(view.graph.objects):
        if item.box is None:
            continue
        x, y, z = (box_corners(item.box) @ view.rotation).T  # levelled → camera frame
        if z.min() < NEAR:
            continue
        columns, rows = fx * x / z + cx - 0.5, cy - fy * y / z - 0.5
        colour = PALETTE[number % len(PALETTE)]
        for a, b in EDGES:
            axes.plot(columns[[a, b]], rows[[a, b]], color=colour, linewidth=1)
        axes.text(columns.min(), rows.min(), name_of(item), color=colour, fontsize=6, clip_on=True)
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)


def _draw_graph(axes: "Axes", graph: SceneGraph) -> None:
    """Objects on a circle, relations as arrows with their predicate."""
    count = max(len(graph.objects), 1)
    angles = np.pi / 2 - 2 * np.pi * np.arange(count) / count
    places = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    pairs: dict[frozenset[int], Relation] = {}
    for each in told_once(graph):
        pairs.setdefault(frozenset((each.subject, each.object)), each)
    for each in list(pairs.values())[:MOST_RELATIONS]:
        start, end = places[each.subject], places[each.object]
        arrow = {"arrowstyle": "->", "color": "#999999", "shrinkA": 14, "shrinkB": 14}
        axes.annotate("", xy=tuple(end), xytext=tuple(start), arrowprops=arrow)
        x, y = (start + 0.4 * (end - start)).tolist()
        axes.text(x, y, each.predicate, fontsize=5, ha="center", va="center", color="#333333")
    for number, item in enumerate(graph.objects):
        x, y = places[number].tolist()
        known = item.box is not None
        style = {"boxstyle": "round", "facecolor": "white", "linestyle": "-" if known else ":"}
        axes.text(
            x,
            y,
            name_of(item) if known else f"{name_of(item)}\n(position unknown)",
            fontsize=6,
            ha="center",
            va="center",
            bbox={**style, "edgecolor": PALETTE[number % len(PALETTE)]},
        )
    axes.set_xlim(-1.4, 1.4)
    axes.set_ylim(-1.3, 1.3)
    if graph.place:
        axes.set_title(graph.place, fontsize=8)
