"""Draw a world at random: a room, a camera, and things that stand, lie and hide in it."""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from spatial_dual.render.camera import Camera
from spatial_dual.render.catalogue import (
    CLASSES,
    COLOURS,
    FACING,
    LYING,
    MATERIALS,
    PART_SLOTS,
    ROOMS,
    SIZES,
    ObjectClass,
)
from spatial_dual.render.placement import Placement, Spots, attached
from spatial_dual.render.world import Shell, Thing, Triple, World

_T = TypeVar("_T")
_COUNTS = (3, 4, 5, 5, 6, 6, 7, 7, 8, 8)
_MATERIAL_CHOICES = ("plain", "plain", *MATERIALS)
_VIEW_M = (1.72, 1.9)
"""Height of the view at the scene's middle, metres: things fill the picture."""
_FOV_DEG, _PITCH_DEG = (46, 50), (17, 29)
"""Fields of view and tilts as a person would hold a camera; a picture alone tells metres from
perspective only as far as these vary little."""


def sample_world(generator: np.random.Generator) -> World | None:
    """Draw a world with 3 to 8 things, or None if fewer found a place."""
    return _Sampler(generator).world()


class _Sampler:
    def __init__(self, generator: np.random.Generator) -> None:
        self.random = generator.random
        self.room = self.pick(tuple(ROOMS.values()))
        self.camera, self.shell = self._view()
        self.light = self._light()
        self.placement = Placement(self.camera, self.shell, generator)
        self.things: list[Thing] = []

    def pick(self, choices: Sequence[_T]) -> _T:
        return choices[int(self.random() * len(choices))]

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def world(self) -> World | None:
        wanted = self.pick(_COUNTS)
        pieces = min(1 + int(self.random() * 3), wanted - 1)
        self._until(pieces, [lambda: self._stand(self.pick(self.room.furniture))], tries=6)
        actions = [
            *[self._put_on] * 5,
            *[self._put_in] * 3,
            *[self._put_under] * 3,
            *[self._hide] * 2,
            *[self._add_part] * 4,
            *[self._hang] * 2,
            *[self._stand_small] * 3,
        ]
        self._until(wanted, actions, tries=30)
        if len(self.things) < _COUNTS[0]:
            return None
        return World(self.camera, self.shell, self.light, tuple(self.things))

    def _until(self, count: int, actions: Sequence[Callable[[], None]], tries: int) -> None:
        for _ in range(tries):
            if len(self.things) >= count:
                return
            self.pick(actions)()

    def _view(self) -> tuple[Camera, Shell]:
        fov, pitch = self.between(*_FOV_DEG), self.between(*_PITCH_DEG)
        distance = self.between(*_VIEW_M) / (2 * math.tan(math.radians(fov) / 2))
        tilt = math.radians(pitch)
        camera = Camera(fov, pitch, 0.38 + distance * math.sin(tilt))
        middle = distance * math.cos(tilt)
        shell = Shell(
            room=self.room,
            yaw=self.between(-0.45, 0.45),
            back=middle + self.between(0.8, 1.3),
            left=self.between(1.5, 2.6),
            right=self.between(1.5, 2.6),
            tone=(self.between(0.94, 1.06), self.between(0.92, 1.06)),
        )
        return camera, shell

    def _light(self) -> Triple:
        x, y, z = self.between(-0.6, 0.6), 1.0, self.between(-0.75, -0.15)
        length = math.sqrt(x * x + y * y + z * z)
        return (x / length, y / length, z / length)

    def _place(self, name: str, spots: Spots, host: int | None) -> None:
        """Try candidate spots for a new thing of class ``name``; keep the first that is free."""
        kind = CLASSES[name]
        size, pose = self.pick(tuple(SIZES)), self.pick(kind.poses)
        extent, yaw = self._extent(kind, size, pose), self._yaw(kind, pose)
        center = self.placement.first_free(spots(extent, yaw), extent, yaw, host)
        if center is not None:
            self._add(kind, size, pose, center, extent, yaw, host)

    def _add(
        self,
        kind: ObjectClass,
        size: str,
        pose: str,
        center: Triple,
        extent: Triple,
        yaw: float,
        host: int | None,
    ) -> None:
        colour = self.pick(tuple(COLOURS))
        while host is not None and colour == self.things[host].colour:
            colour = self.pick(tuple(COLOURS))
        material = self.pick(_MATERIAL_CHOICES)
        self.things.append(Thing(kind, colour, material, size, pose, center, extent, yaw))
        self.placement.occupy(center, extent, yaw, host)

    def _extent(self, kind: ObjectClass, size: str, pose: str) -> Triple:
        factor = SIZES[size] * self.between(0.96, 1.04)
        width, height, depth = (side * factor for side in kind.extent)
        return (height, width, depth) if pose == LYING else (width, height, depth)

    def _yaw(self, kind: ObjectClass, pose: str) -> float:
        if pose in FACING:
            return FACING[pose] + self.between(-0.3, 0.3)
        if kind.name == "book":
            return self.between(0.5, 1.2) * self.pick((-1, 1))
        return self.between(-0.45, 0.45)

    def _hosts(self, fits: Callable[[Thing], bool]) -> list[int]:
        return [number for number, thing in enumerate(self.things) if fits(thing)]

    def _stand(self, name: str) -> None:
        self._place(name, self.placement.on_floor, None)

    def _stand_small(self) -> None:
        self._stand(self.pick((*self.room.items, "crate", "basket", "plant", "lamp", "stool")))

    def _put_on(self) -> None:
        hosts = self._hosts(lambda thing: thing.kind.surface is not None)
        if hosts:
            host = self.pick(hosts)
            self._place(self.pick(self.room.items), self.placement.on(self.things[host]), host)

    def _put_in(self) -> None:
        hosts = self._hosts(lambda thing: thing.kind.name in ("basket", "crate", "shelf"))
        if not hosts:
            self._stand(self.pick(("basket", "crate")))
            hosts = self._hosts(lambda thing: thing.kind.name in ("basket", "crate"))
        if hosts:
            host = self.pick(hosts)
            name = self.pick(("ball", "bottle", "cup", "book", "car"))
            self._place(name, self.placement.inside(self.things[host]), host)

    def _put_under(self) -> None:
        hosts = self._hosts(lambda thing: thing.kind.name == "table")
        if hosts:
            host = self.pick(hosts)
            name = self.pick(("ball", "cat", "basket", "car", "crate", "bottle"))
            self._place(name, self.placement.under(self.things[host]), host)

    def _hide(self) -> None:
        hosts = self._hosts(lambda thing: thing.kind.opaque)
        if hosts:
            host = self.pick(hosts)
            name = self.pick(("ball", "cat", "car", "cup", "bottle"))
            self._place(name, self.placement.behind(self.things[host]), host)

    def _hang(self) -> None:
        if self.things and all(thing.kind.name != "lantern" for thing in self.things):
            host = int(self.random() * len(self.things))
            self._place("lantern", self.placement.above(self.things[host]), host)

    def _add_part(self) -> None:
        hosts = self._hosts(lambda thing: thing.kind.name in PART_SLOTS)
        if not hosts:
            return
        host = self.pick(hosts)
        whole = self.things[host]
        name, slots = PART_SLOTS[whole.kind.name]
        kind = CLASSES[name]
        width, height, depth = (side * SIZES[whole.size] for side in kind.extent)
        extent, spot = (width, height, depth), attached(whole, self.pick(slots))
        center = self.placement.first_free(np.array([spot]), extent, whole.yaw, host)
        if center is not None:
            self._add(kind, whole.size, whole.pose, center, extent, whole.yaw, host)
