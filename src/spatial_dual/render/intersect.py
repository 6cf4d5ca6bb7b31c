"""Where rays first meet a unit body: boxes, frusta and ellipsoids in their own coordinates.

A ray field is origin + t · direction in the body's coordinates, with direction[k](row, column) =
across[k] · x(column) + up[k] · y(row) + ahead[k]: only sums of a row and a column are needed. All
in float32; t is the depth along the camera's axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Bools = NDArray[np.bool_]
Field = list[Float]
Facing = Sequence[float]

HOLLOW_BOTTOM = -0.92
"""Height of the bottom inside a hollow frustum; a little above what it stands on."""


@dataclass(frozen=True)
class Lighting:
    """Directions that shading asks the surface normal about, in the body's unscaled axes.

    Attributes:
        inverse: (3,) one over the half extents.
        light: (3,) towards the light.
        sky: (3,) up.
    """

    inverse: Facing
    light: Facing
    sky: Facing

    def of_normal(self, normal: Sequence[Any]) -> tuple[Float, Float]:
        """Cosines to the light and to the sky of the gradient ``normal`` in body coordinates."""
        x, y, z = (gradient * scale for gradient, scale in zip(normal, self.inverse, strict=True))
        length = np.sqrt(x * x + y * y + z * z)
        lambert = x * self.light[0] + y * self.light[1] + z * self.light[2]
        sky = x * self.sky[0] + y * self.sky[1] + z * self.sky[2]
        return lambert / length, sky / length


def box(origin: Sequence[float], ray: Field, lighting: Lighting) -> tuple[Float, Float, Float]:
    """First hit with the cube -1..1 from outside.

    Args:
        origin: (3,) of the rays.
        ray: three (rows, columns) direction components.
        lighting: for shading.

    Returns:
        depth (inf where there is none), cosine to the light, cosine to the sky.
    """
    entry, leave = [], None
    for start, direction in zip(origin, ray, strict=True):
        inverse = np.reciprocal(direction)
        middle = inverse * np.float32(-start)
        reach = np.abs(inverse)
        entry.append(middle - reach)
        leave = middle + reach if leave is None else np.minimum(leave, middle + reach)
    depth = np.maximum(np.maximum(entry[0], entry[1]), entry[2])
    signs = [1.0 if start > 0 else -1.0 for start in origin]
    first, second = depth == entry[0], depth == entry[1]
    shades = [
        np.where(first, s * way[0], np.where(second, t * way[1], u * way[2])).astype(np.float32)
        for way in (lighting.light, lighting.sky)
        for s, t, u in [signs]
    ]
    depth[~(depth < leave)] = np.inf
    return depth, shades[0], shades[1]


def ellipsoid(
    origin: Sequence[float], ray: Field, lighting: Lighting
) -> tuple[Float, Float, Float]:
    """First hit with the unit ball; as ``box``."""
    square = ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2]
    along = _dot(origin, ray)
    rest = np.float32(sum(start * start for start in origin) - 1)
    depth = (-along - np.sqrt(along * along - square * rest)) / square
    normal = [direction * depth + np.float32(o) for o, direction in zip(origin, ray, strict=True)]
    return np.where(np.isnan(depth), np.inf, depth), *lighting.of_normal(normal)


def frustum(
    origin: Sequence[float], ray: Field, lighting: Lighting, taper: float, hollow: bool
) -> tuple[Float, Float, Float]:
    """First hit with the frustum x² + z² <= r(y)², -1 <= y <= 1, r(y) = 1 .. ``taper``.

    A hollow one has no lid, and shows the inside of its wall and its bottom.
    """
    slope = np.float32((taper - 1) / 2)
    ox, oy, oz = (np.float32(o) for o in origin)
    radius = np.float32(1) + slope * (oy + 1)
    shrink = slope * ray[1]
    square = ray[0] * ray[0] + ray[2] * ray[2] - shrink * shrink
    along = ray[0] * ox + ray[2] * oz - shrink * radius
    rest = ox * ox + oz * oz - radius * radius
    root = np.sqrt(along * along - square * rest)
    middle = -along / square
    reach = root / np.abs(square)
    near, far = middle - reach, middle + reach
    depth = _within_wall(near, oy, ray[1], radius, slope)
    side: Float | float = 1.0
    if hollow or slope:
        outside = (depth < np.inf) | (square < 0)
        depth = np.minimum(depth, _within_wall(far, oy, ray[1], radius, slope))
        side = np.where(outside, np.float32(1), np.float32(-1)) if hollow else 1.0
    lid = 1.0 if oy > 0 else -1.0
    level = np.float32(HOLLOW_BOTTOM if hollow else lid)
    cap = (level - oy) / ray[1]
    cap_x, cap_z = ray[0] * cap + ox, ray[2] * cap + oz
    cap_radius = 1 + slope * (level + 1)
    flat = (cap_x * cap_x + cap_z * cap_z <= cap_radius * cap_radius) & (cap < depth)
    y = ray[1] * depth + oy
    normal = [
        (ray[0] * depth + ox) * side,
        -slope * (1 + slope * (y + 1)) * side,
        (ray[2] * depth + oz) * side,
    ]
    lambert, sky = lighting.of_normal(normal)
    return (
        np.where(flat, cap, depth),
        np.where(flat, np.float32(lid * lighting.light[1]), lambert),
        np.where(flat, np.float32(lid * lighting.sky[1]), sky),
    )


def _within_wall(
    depth: Float, start: np.float32, direction: Float, radius: np.float32, slope: np.float32
) -> Float:
    y = direction * depth + start
    kept = (np.abs(y) <= 1) & (depth > 0)
    if slope:
        # The other nappe of the cone has a negative radius.
        kept &= radius + slope * (y - start) >= 0
    return np.where(kept, depth, np.float32(np.inf))


def _dot(fixed: Sequence[float], ray: Field) -> Float:
    return (
        ray[0] * np.float32(fixed[0])
        + ray[1] * np.float32(fixed[1])
        + ray[2] * np.float32(fixed[2])
    )
