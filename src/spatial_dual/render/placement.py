"""Where a new thing may stand: candidate spots, and the first one that is free and in view."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spatial_dual.render.camera import Camera
from spatial_dual.render.world import Shell, Thing, Triple
from spatial_dual.scene.forms import form_of

Array = NDArray[np.float64]
Spots = Callable[[Triple, float], Array]
"""(extent, yaw) of a thing -> (candidates, 3) centres of its box; may be empty."""

_CANDIDATES = 20
_SIGNS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
_NONE = np.zeros((0, 3))
_WALL_GAP = 0.06
_APART = 0.1
_FRAME = 0.05
"""Share of the picture by which a thing may reach outside."""
_LEAST, _MOST = 0.066, 0.85
"""Least and largest width and height of a thing's picture, as shares of the whole picture."""
_COVER = 0.34
"""Largest share of the smaller of two pictures that may be covered, unless one hosts the other."""
_INNER = 0.74
"""Share of a container's width that its content may take."""
_BOTTOM = 0.03


class Placement:
    """Keeps the boxes of the things placed so far and finds room for another.

    Args:
        camera: the viewer.
        shell: the room.
        generator: source of candidates.
    """

    def __init__(self, camera: Camera, shell: Shell, generator: np.random.Generator) -> None:
        self._camera = camera
        self._shell = shell
        self._generator = generator
        self._centers: list[Triple] = []
        self._halves: list[Array] = []
        self._regions: list[Array] = []
        self._hosts: list[int | None] = []

    def occupy(self, center: Triple, extent: Triple, yaw: float, host: int | None) -> None:
        """Record a placed thing."""
        half = _hull(extent, yaw)
        self._centers.append(center)
        self._halves.append(half)
        self._regions.append(self._project(np.array([center]), half)[0])
        self._hosts.append(host)

    def first_free(
        self, spots: Array, extent: Triple, yaw: float, host: int | None
    ) -> Triple | None:
        """First candidate that is in view, in the room and clear of all things but its host."""
        if not len(spots):
            return None
        half = _hull(extent, yaw)
        regions = self._project(spots, half)
        free = _in_view(regions) & self._in_room(spots, half)
        others = [number for number in range(len(self._centers)) if number != host]
        if others:
            centers = np.array([self._centers[number] for number in others])
            halves = np.array([self._halves[number] for number in others])
            apart = np.abs(spots[:, None] - centers) - halves - half
            gaps = [_APART if self._hosts[n] is None and host is None else 0.02 for n in others]
            free &= (apart > np.array(gaps)[:, None]).any(-1).all(-1)
            shown = np.array([self._regions[number] for number in others])
            free &= (_covered(regions, shown) < _COVER).all(-1)
        found = np.flatnonzero(free)
        if not len(found):
            return None
        x, y, z = spots[found[0]].tolist()
        return x, y, z

    def on_floor(self, extent: Triple, yaw: float) -> Array:
        """Spots on the floor, spread over the lower part of the picture."""
        x, y = self._generator.random((2, _CANDIDATES))
        rays = self._camera.ray(0.08 + 0.84 * x, 0.3 + 0.6 * y)
        rays = rays[rays[:, 1] < -0.12]
        spots = rays * (-self._camera.height_m / rays[:, 1])[:, None]
        spots[:, 1] += extent[1] / 2
        return spots

    def on(self, host: Thing) -> Spots:
        """Spots on the surface of ``host``."""
        form = form_of(host.kind.name)

        def spots(extent: Triple, yaw: float) -> Array:
            assert host.kind.surface is not None
            x0, z0, x1, z1 = host.kind.surface
            reach = 0.9 * _hull(extent, yaw - host.yaw)
            low = np.array([x0 * host.extent[0] / 2 + reach[0], z0 * host.extent[2] / 2 + reach[2]])
            high = np.array(
                [x1 * host.extent[0] / 2 - reach[0], z1 * host.extent[2] / 2 - reach[2]]
            )
            height = _bottom(host) + form.support * host.extent[1] + extent[1] / 2
            return self._scatter(host, low, high, height)

        return spots

    def inside(self, host: Thing) -> Spots:
        """Spots in a basket or crate, or on the boards of a shelf."""

        def spots(extent: Triple, yaw: float) -> Array:
            if host.kind.name == "shelf":
                return self._on_boards(host, extent, yaw)
            reach = _hull(extent, yaw - host.yaw)
            if max(reach[0], reach[2]) > _INNER * min(host.extent[0], host.extent[2]) / 2:
                return _NONE
            if extent[1] < 0.7 * host.extent[1]:
                return _NONE  # would not be seen over the rim
            slack = 0.1 * (np.array([host.extent[0], host.extent[2]]) / 2 - reach[[0, 2]])
            height = _bottom(host) + _BOTTOM + extent[1] / 2
            return self._scatter(host, -slack, slack, height)

        return spots

    def under(self, host: Thing) -> Spots:
        """Spots on the floor between the legs of ``host``."""
        form = form_of(host.kind.name)

        def spots(extent: Triple, yaw: float) -> Array:
            if extent[1] > form.clearance * host.extent[1] - 0.07:
                return _NONE
            reach = _hull(extent, yaw - host.yaw)
            side = 0.42 * np.array([host.extent[0], host.extent[2]]) - reach[[0, 2]]
            return self._scatter(host, -side, side, _bottom(host) + extent[1] / 2)

        return spots

    def behind(self, host: Thing) -> Spots:
        """Spots on the floor where ``host`` hides most of a thing from the viewer."""

        def spots(extent: Triple, yaw: float) -> Array:
            half, blocker = _hull(extent, yaw), _hull(host.extent, host.yaw)
            away = blocker[2] + half[2] + 0.13 + 0.25 * self._generator.random(_CANDIDATES)
            aside = 0.7 * blocker[0] * (2 * self._generator.random(_CANDIDATES) - 1)
            z = host.center[2] + away
            x = (host.center[0] + aside) * z / host.center[2]
            y = np.full(_CANDIDATES, _bottom(host) + extent[1] / 2)
            centers = np.stack([x, y, z], axis=1)
            region = self._project(np.array([host.center]), 0.9 * blocker)
            hidden = _covered(self._project(centers, half), region)[:, 0] > 0.85
            return centers[hidden]

        return spots

    def above(self, host: Thing) -> Spots:
        """Spots in the air over ``host``."""

        def spots(extent: Triple, yaw: float) -> Array:
            side = 0.15 * np.array([host.extent[0], host.extent[2]])
            top = host.center[1] + host.extent[1] / 2
            return self._scatter(host, -side, side, top + self._lift() + extent[1] / 2)

        return spots

    def _lift(self) -> float:
        return 0.22 + 0.3 * self._generator.random()

    def _on_boards(self, host: Thing, extent: Triple, yaw: float) -> Array:
        reach = _hull(extent, yaw - host.yaw)
        level = (-0.93, -0.265)[int(2 * self._generator.random())]
        if extent[1] > 0.27 * host.extent[1] or reach[2] > host.extent[2] / 2:
            return _NONE
        side = np.array([0.86 * host.extent[0] / 2 - reach[0], 0.0])
        height = host.center[1] + level * host.extent[1] / 2 + extent[1] / 2
        return self._scatter(host, -side, side, height)

    def _scatter(self, host: Thing, low: Array, high: Array, height: float) -> Array:
        """Candidates in a rectangle of the host's own plan, at one height."""
        if (low > high).any():
            return _NONE
        plan = low + (high - low) * self._generator.random((_CANDIDATES, 2))
        cos, sin = math.cos(host.yaw), math.sin(host.yaw)
        return np.stack(
            [
                host.center[0] + cos * plan[:, 0] + sin * plan[:, 1],
                np.full(_CANDIDATES, height),
                host.center[2] - sin * plan[:, 0] + cos * plan[:, 1],
            ],
            axis=1,
        )

    def _project(self, centers: Array, half: Array) -> Array:
        """(N, 4) picture bounds of viewer-aligned boxes."""
        corners = (centers[:, None] + _SIGNS * half) @ self._camera.axes
        flat = corners[..., :2] / np.maximum(corners[..., 2:], 0.2)
        low, high = flat.min(1), flat.max(1)
        spread = np.concatenate([low[:, :1], -high[:, 1:], high[:, :1], -low[:, 1:]], axis=1)
        return 0.5 + spread / (2 * self._camera.half_view)

    def _in_room(self, spots: Array, half: Array) -> NDArray[np.bool_]:
        normals = self._shell.normals
        reach = spots @ normals.T + np.abs(normals) @ half
        return np.asarray((reach < self._shell.distances - _WALL_GAP).all(-1))


def attached(whole: Thing, slot: Triple) -> Triple:
    """Centre of a part that sits at ``slot``, a place in the -1..1 box of ``whole``."""
    x, y, z = (share * side / 2 for share, side in zip(slot, whole.extent, strict=True))
    cos, sin = math.cos(whole.yaw), math.sin(whole.yaw)
    return (
        whole.center[0] + cos * x + sin * z,
        whole.center[1] + y,
        whole.center[2] - sin * x + cos * z,
    )


def _bottom(thing: Thing) -> float:
    return thing.center[1] - thing.extent[1] / 2


def _hull(extent: Triple, yaw: float) -> Array:
    cos, sin = abs(math.cos(yaw)) / 2, abs(math.sin(yaw)) / 2
    width, height, depth = extent
    return np.array([cos * width + sin * depth, height / 2, sin * width + cos * depth])


def _in_view(regions: Array) -> NDArray[np.bool_]:
    low, high = regions[:, :2], regions[:, 2:]
    inside = (low > -_FRAME).all(-1) & (high < 1 + _FRAME).all(-1)
    spread = high - low
    return np.asarray(inside & (spread > _LEAST).all(-1) & (spread < _MOST).all(-1))


def _covered(a: Array, b: Array) -> Array:
    """(N, M) common area over the smaller area of two sets of picture bounds."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=-1)
    areas = [np.prod(regions[:, 2:] - regions[:, :2], axis=-1) for regions in (a, b)]
    shares: Array = common / np.minimum(areas[0][:, None], areas[1][None])
    return shares
