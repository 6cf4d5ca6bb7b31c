"""Objects of a scene as one table of primitives, and where on the screen each can be seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial_dual.render.camera import Camera
from spatial_dual.render.catalogue import LYING, ObjectClass
from spatial_dual.render.shapes import Shape
from spatial_dual.render.world import Thing

Array = NDArray[np.float64]

_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
_FALLEN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""A lying object has tipped over to its side: its own y axis is the box's -x axis."""
_HULL = 8


@dataclass(frozen=True)
class Primitives:
    """All primitives of a scene; primitive k is the image of a unit body under ``x -> A x + c``.

    Attributes:
        owner: (K,) index of the object.
        shape: (K,) ``Shape``.
        center: (K, 3) c, metres, levelled frame.
        axes: (K, 3, 3) A.
        taper: (K,) top radius over bottom radius of frusta.
        hull_center, hull_axes: (K, 8, 3), (K, 8, 3, 3): each primitive is the convex hull of these
            ellipsoids, discs or points (repeated where there are fewer than eight).
    """

    owner: NDArray[np.intp]
    shape: NDArray[np.intp]
    center: Array
    axes: Array
    taper: Array
    hull_center: Array
    hull_axes: Array


def assemble(things: Sequence[Thing]) -> Primitives:
    """Place the parts of every object of a scene."""
    templates = [_template(thing.kind) for thing in things]
    counts = [len(template.shape) for template in templates]
    owner = np.repeat(np.arange(len(things)), counts)
    frames = np.stack([object_axes(thing) for thing in things])[owner]
    origin = np.array([thing.center for thing in things])[owner]

    def joined(field: str) -> NDArray[Any]:
        return np.concatenate([getattr(template, field) for template in templates])

    def moved(points: Array) -> Array:
        return np.einsum("kij,khj->khi", frames, points) + origin[:, None]

    return Primitives(
        owner=owner,
        shape=joined("shape"),
        center=moved(joined("center")[:, None])[:, 0],
        axes=frames @ joined("axes"),
        taper=joined("taper"),
        hull_center=moved(joined("hull_center")),
        hull_axes=frames[:, None] @ joined("hull_axes"),
    )


def object_axes(thing: Thing) -> Array:
    """(3, 3) columns: the object's scaled axes (half extents) in the levelled frame."""
    cos, sin = math.cos(thing.yaw), math.sin(thing.yaw)
    turn = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
    scaled = turn * (np.array(thing.extent) / 2)
    return scaled @ _FALLEN if thing.pose == LYING else scaled


@lru_cache(maxsize=64)
def _template(kind: ObjectClass) -> Primitives:
    axes, hull_center, hull_axes = [], [], []
    for part in kind.parts:
        frame = np.diag(part.half)
        if part.axis == "x":
            frame = frame @ _FALLEN
        axes.append(frame)
        centers, shapes = _hull(part.shape, part.top)
        hull_center.append(centers @ frame.T + part.center)
        hull_axes.append(frame @ shapes)
    return Primitives(
        owner=np.zeros(len(axes), np.intp),
        shape=np.array([part.shape for part in kind.parts]),
        center=np.array([part.center for part in kind.parts], float),
        axes=np.array(axes),
        taper=np.array([part.top for part in kind.parts]),
        hull_center=np.array(hull_center),
        hull_axes=np.array(hull_axes),
    )


def _hull(shape: Shape, top: float) -> tuple[Array, Array]:
    """Centres (8, 3) and axes (8, 3, 3) of the points, discs or ellipsoid that span a unit body."""
    if shape == Shape.BOX:
        return _CORNERS, np.zeros((_HULL, 3, 3))
    if shape == Shape.ELLIPSOID:
        return np.zeros((_HULL, 3)), np.tile(np.eye(3), (_HULL, 1, 1))
    discs = np.array([np.diag([1.0, 0.0, 1.0]), np.diag([top, 0.0, top])])
    rims = np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]])
    return np.tile(rims, (_HULL // 2, 1)), np.tile(discs, (_HULL // 2, 1, 1))


def screen_bounds(camera: Camera, centers: Array, axes: Array) -> Array:
    """Exact picture bounds of the hull of ellipsoids, discs and points in front of the camera.

    The plane through the camera whose picture is the line x = u touches the ellipsoid (c, A) where
    (A A' - c c') contracted with (1, 0, -u) vanishes: a quadratic in u, for each picture axis.

    Args:
        camera: the camera.
        centers: (..., H, 3) in the levelled frame.
        axes: (..., H, 3, 3).

    Returns:
        (..., 4): x0, y0, x1, y1 in 0..1 where visible; may reach outside.
    """
    center = centers @ camera.axes
    shape = np.swapaxes(axes, -1, -2) @ camera.axes
    depth = center[..., 2]
    zz = (shape[..., 2] ** 2).sum(-1) - depth**2

    def interval(axis: int) -> tuple[Array, Array]:
        side = center[..., axis]
        ss = (shape[..., axis] ** 2).sum(-1) - side**2
        sz = (shape[..., axis] * shape[..., 2]).sum(-1) - side * depth
        root = np.sqrt(np.maximum(sz**2 - ss * zz, 0.0))
        return ((sz + root) / zz).min(-1), ((sz - root) / zz).max(-1)

    left, right = interval(0)
    low, high = interval(1)
    view = 2 * camera.half_view
    return np.stack(
        [0.5 + left / view, 0.5 - high / view, 0.5 + right / view, 0.5 - low / view], axis=-1
    )
