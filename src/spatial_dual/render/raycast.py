"""Draw a world: one ray per pixel, each primitive tried only inside its screen bounds.

Rays are a row term plus a column term in every coordinate system, so a primitive costs a few dozen
array operations on its window, whatever else is in the scene.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spatial_dual.render import intersect, occlude
from spatial_dual.render.intersect import Field, Float, Lighting
from spatial_dual.render.primitives import Primitives, assemble, screen_bounds
from spatial_dual.render.shapes import Shape
from spatial_dual.render.world import World

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Hits:
    """What each pixel's ray meets, before it gets its colour; images are (size, size).

    Attributes:
        depth: metres along the camera's axis.
        lambert, sky: cosine of the surface normal to the light and to the sky.
        primitive: index; -4 floor, -3 back wall, -2 left wall, -1 right wall.
        instances: 0 background, k the k-th object.
        shadow: 0..1, share of the light that is blocked.
        visibility: (objects,) visible share of each object's own silhouette, inside the picture.
        regions: (objects, 4) amodal picture bounds x0, y0, x1, y1; 0..1 inside the picture.
    """

    depth: Float
    lambert: Float
    sky: Float
    primitive: NDArray[np.int16]
    instances: NDArray[np.uint8]
    shadow: Float
    visibility: NDArray[np.float64]
    regions: NDArray[np.float64]


def cast(world: World, size: int) -> Hits:
    """Find the first surface and the shadow for every pixel of a ``size`` x ``size`` picture."""
    with np.errstate(all="ignore"):
        return _Caster(world, size).hits()


class _Caster:
    def __init__(self, world: World, size: int) -> None:
        self.world = world
        self.size = size
        self.primitives = assemble(world.things)
        half = world.camera.half_view
        self.x = ((2 * np.arange(size) + 1) / size - 1).astype(np.float32)[None] * np.float32(half)
        self.y = -self.x.T
        inverse = np.linalg.inv(self.primitives.axes)
        self.to_body = inverse @ world.camera.axes
        self.origin = -np.einsum("kij,kj->ki", inverse, self.primitives.center)
        self.light = inverse @ np.array(world.light)

    def hits(self) -> Hits:
        depth, lambert, sky, surface = self._walls()
        bounds = screen_bounds(
            self.world.camera, self.primitives.hull_center, self.primitives.hull_axes
        )
        owner, count = self.primitives.owner, len(self.world.things)
        silhouettes = np.zeros((count, self.size, self.size), bool)
        for k, window in self._windows(bounds):
            near, cosine, up = self._intersect(k, window)
            silhouettes[owner[k]][window] |= near < np.inf
            closer = near < depth[window]
            np.copyto(depth[window], near, where=closer)
            np.copyto(lambert[window], cosine, where=closer)
            np.copyto(sky[window], up, where=closer)
            np.copyto(surface[window], np.int16(k), where=closer)
        numbers = np.concatenate([owner + 1, [0, 0, 0, 0]]).astype(np.uint8)
        instances = numbers[surface]
        visible = np.bincount(instances.ravel(), minlength=count + 1)[1:]
        whole = np.array([np.count_nonzero(silhouette) for silhouette in silhouettes])
        return Hits(
            depth=depth,
            lambert=lambert,
            sky=sky,
            primitive=surface,
            instances=instances,
            shadow=_softened(self._shadow(depth)),
            visibility=visible / np.maximum(whole, 1),
            regions=_joined(bounds, owner, count),
        )

    def _walls(self) -> tuple[Float, Float, Float, NDArray[np.int16]]:
        shell, light = self.world.shell, np.array(self.world.light)
        normals = np.concatenate([shell.normals, [[0.0, -1.0, 0.0]]])
        reach = np.append(shell.distances, self.world.camera.height_m)
        towards = (normals @ self.world.camera.axes) / reach[:, None]
        closeness = [
            self.x * np.float32(a) + (self.y * np.float32(b) + np.float32(c)) for a, b, c in towards
        ]
        inverse = np.maximum.reduce(closeness)
        surface = np.full(inverse.shape, -4, np.int16)
        for number in range(3):
            surface[closeness[number] == inverse] = number - 3
        cosines = (-normals @ light).astype(np.float32)
        ups = -normals[:, 1].astype(np.float32)
        order = surface + 3
        return 1 / inverse, cosines[order], ups[order], surface

    def _windows(self, bounds: NDArray[np.float64]) -> Iterator[tuple[int, Window]]:
        """Pixels whose centre can lie inside each primitive's bounds."""
        low = np.clip(np.floor(bounds[:, :2] * self.size - 0.5), 0, self.size).astype(int)
        high = np.clip(np.ceil(bounds[:, 2:] * self.size + 0.5), 0, self.size).astype(int)
        for k, ((x0, y0), (x1, y1)) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
            if x0 < x1 and y0 < y1:
                yield k, (slice(y0, y1), slice(x0, x1))

    def _rays(self, k: int, window: Window) -> Field:
        x, y = self.x[:, window[1]], self.y[window[0]]
        return [
            x * np.float32(a) + (y * np.float32(b) + np.float32(c)) for a, b, c in self.to_body[k]
        ]

    def _intersect(self, k: int, window: Window) -> tuple[Float, Float, Float]:
        ray, origin, lighting = self._rays(k, window), self._origins[k], self._lightings[k]
        shape = self._shapes[k]
        if shape == Shape.BOX:
            return intersect.box(origin, ray, lighting)
        if shape == Shape.ELLIPSOID:
            return intersect.ellipsoid(origin, ray, lighting)
        hollow = shape == Shape.HOLLOW_FRUSTUM
        return intersect.frustum(origin, ray, lighting, float(self.primitives.taper[k]), hollow)

    @cached_property
    def _shapes(self) -> list[int]:
        return self.primitives.shape.tolist()

    @cached_property
    def _origins(self) -> list[list[float]]:
        return self.origin.tolist()

    @cached_property
    def _lightings(self) -> list[Lighting]:
        lengths = np.linalg.norm(self.primitives.axes, axis=1)
        unit = self.primitives.axes / lengths[:, None, :]
        lights = np.array(self.world.light) @ unit
        return [
            Lighting(*rows)
            for rows in zip(
                (1 / lengths).tolist(), lights.tolist(), unit[:, 1].tolist(), strict=True
            )
        ]

    def _shadow(self, depth: Float) -> Float:
        """0 or 1 per pixel; a primitive is tried only where its shadow volume can be seen."""
        shadow = np.zeros(depth.shape, np.float32)
        for k, window in self._windows(self._shadow_bounds(self.primitives)):
            t = depth[window]
            point = self._rays(k, window)
            for coordinate, start in zip(point, self._origins[k], strict=True):
                coordinate *= t
                coordinate += np.float32(start)
            light, shape = self.light[k].tolist(), self._shapes[k]
            if shape == Shape.BOX:
                blocked = occlude.box(point, light)
            elif shape == Shape.ELLIPSOID:
                blocked = occlude.ellipsoid(point, light)
            else:
                blocked = occlude.frustum(point, light, float(self.primitives.taper[k]))
            np.maximum(shadow[window], blocked, out=shadow[window])
        return shadow

    def _shadow_bounds(self, primitives: Primitives) -> NDArray[np.float64]:
        """Picture bounds of everything between each primitive and its shadow on the floor.

        The light stands on the viewer's side, so shadows fall away from the camera.
        """
        light = np.array(self.world.light)
        drop = np.eye(3) - np.outer(light / light[1], [0.0, 1.0, 0.0])
        floor = np.array([0.0, -self.world.camera.height_m, 0.0])
        fallen = (primitives.hull_center - floor) @ drop.T + floor
        centers = np.concatenate([primitives.hull_center, fallen], axis=1)
        axes = np.concatenate([primitives.hull_axes, drop @ primitives.hull_axes], axis=1)
        return screen_bounds(self.world.camera, centers, axes)


def _joined(
    bounds: NDArray[np.float64], owner: NDArray[np.intp], count: int
) -> NDArray[np.float64]:
    starts = np.searchsorted(owner, np.arange(count))
    low = np.minimum.reduceat(bounds[:, :2], starts)
    high = np.maximum.reduceat(bounds[:, 2:], starts)
    return np.concatenate([low, high], axis=1)


def _softened(shadow: Float) -> Float:
    """Blur over 3 x 3 pixels: a penumbra."""
    padded = np.pad(shadow, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
