"""Lifted pictures in space, to be turned: points in their colours, boxes with their relations."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial_dual.figures.boxes import PALETTE, name_of
from spatial_dual.figures.depth_views import EDGES, DepthView, box_corners, told_once

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_POINTS = 6000
"""Shown of a picture, evenly taken."""


def space_figure(views: Sequence[DepthView]) -> "Figure":
    """Interactive view in the levelled frame; a menu chooses the picture.

    Plotly's axes are (x right, z away, y up), so that up is up on the screen.

    Raises:
        ValueError: no view.
    """
    from plotly.graph_objects import Figure, Scatter3d

    if not views:
        raise ValueError("nothing to draw: no picture was looked at")
    traces: list[Any] = []
    owners: list[int] = []
    for number, view in enumerate(views):
        for trace in (_points(view), *_boxes(view)):
            traces.append(Scatter3d(**trace, visible=number == 0))
            owners.append(number)
    buttons = [
        {
            "label": escape(view.name),
            "method": "update",
            "args": [{"visible": [owner == number for owner in owners]}],
        }
        for number, view in enumerate(views)
    ]
    figure = Figure(traces)
    figure.update_layout(
        updatemenus=[{"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.08}],
        scene={
            "aspectmode": "data",
            "xaxis_title": "right (m)",
            "yaxis_title": "away (m)",
            "zaxis_title": "up (m)",
            "camera": {"eye": {"x": 0.2, "y": -1.6, "z": 0.8}},
        },
        margin={"l": 0, "r": 0, "t": 40, "b": 0},
        height=640,
    )
    return figure


def _points(view: DepthView) -> dict[str, Any]:
    levelled = view.camera.unproject(view.depth).reshape(-1, 3) @ view.rotation.T
    known = np.flatnonzero(np.isfinite(levelled[:, 2]))
    chosen = known[:: max(1, len(known) // MOST_POINTS)]
    x, y, z = np.round(levelled[chosen], 3).T
    colours = view.image.reshape(-1, 3)[chosen]
    return {
        "x": x.tolist(),
        "y": z.tolist(),
        "z": y.tolist(),
        "mode": "markers",
        "marker": {"size": 1.5, "color": [f"rgb({r},{g},{b})" for r, g, b in colours.tolist()]},
        "hoverinfo": "skip",
        "name": "points",
    }


def _boxes(view: DepthView) -> list[dict[str, Any]]:
    relations = told_once(view.graph)
    # Plotly takes HTML for markup
    names = [escape(f"{name_of(item)} {k + 1}") for k, item in enumerate(view.graph.objects)]
    lines = []
    for number, item in enumerate(view.graph.objects):
        if item.box is None:
            continue
        corners = np.round(box_corners(item.box), 3)
        path = np.full((3 * len(EDGES), 3), None, dtype=object)  # None lifts the pen
        path[0::3] = corners[[a for a, _ in EDGES]]
        path[1::3] = corners[[b for _, b in EDGES]]
        said = [
            f"{each.predicate} {names[each.object]}" for each in relations if each.subject == number
        ]
        lines.append(
            {
                "x": path[:, 0].tolist(),
                "y": path[:, 2].tolist(),
                "z": path[:, 1].tolist(),
                "mode": "lines",
                "line": {"color": PALETTE[number % len(PALETTE)], "width": 4},
                "name": names[number],
                "text": "<br>".join([names[number], *said]),
                "hoverinfo": "text",
            }
        )
    return lines
