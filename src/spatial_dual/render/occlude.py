"""Whether a unit body stands between points and the light, in the body's own coordinates.

``point`` holds three (rows, columns) components; ``light`` is one direction for all of them, scaled
so that its parameter is in metres. Hollow bodies count as solid: their inside is dark.
"""

from collections.abc import Sequence

import numpy as np

from spatial_dual.render.intersect import Bools, Field, Float

_START = np.float32(0.012)
"""Metres from the surface at which shadow rays begin, so that nothing shades itself."""


def box(point: Field, light: Sequence[float]) -> Bools:
    """Shadow of the cube -1..1."""
    enter, leave = _slab(point[0], light[0])
    for axis in (1, 2):
        near, far = _slab(point[axis], light[axis])
        enter, leave = np.maximum(enter, near), np.minimum(leave, far)
    return np.asarray(np.maximum(enter, _START) < leave)


def ellipsoid(point: Field, light: Sequence[float]) -> Bools:
    """Shadow of the unit ball: the ray's closest point lies inside."""
    square = np.float32(sum(component * component for component in light))
    along = sum(p * np.float32(component) for p, component in zip(point, light, strict=True))
    rest = point[0] * point[0] + point[1] * point[1] + point[2] * point[2] - np.float32(1)
    closest = np.maximum(along * (-1 / square), _START)
    return np.asarray(rest + closest * (2 * along + square * closest) < 0)


def frustum(point: Field, light: Sequence[float], taper: float) -> Bools:
    """Shadow of a frustum: within -1 <= y <= 1 the ray comes closer to the axis than r(y)."""
    slope = np.float32((taper - 1) / 2)
    x, y, z = (np.float32(component) for component in light)
    enter, leave = _slab(point[1], light[1])
    enter = np.maximum(enter, _START)
    radius = 1 + slope * (point[1] + 1)
    square = x * x + z * z - (slope * y) ** 2
    along = point[0] * x + point[2] * z - slope * y * radius
    rest = point[0] * point[0] + point[2] * point[2] - radius * radius
    lowest = np.clip(along * (-1 / square), enter, leave)
    inside = _negative(lowest, square, along, rest)
    if square < 0:
        inside = _negative(enter, square, along, rest) | _negative(leave, square, along, rest)
    return np.asarray(inside & (enter < leave))


def _slab(position: Float, direction: float) -> tuple[Float, Float]:
    steep = direction if abs(direction) > 1e-4 else 1e-4
    middle = position * np.float32(-1 / steep)
    reach = np.float32(abs(1 / steep))
    return middle - reach, middle + reach


def _negative(at: Float, square: np.float32, along: Float, rest: Float) -> Bools:
    return np.asarray(rest + at * (2 * along + square * at) < 0)
