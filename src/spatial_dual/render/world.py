"""A scene before it is drawn: the room, the light, the camera and the things in it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spatial_dual.render.camera import Camera
from spatial_dual.render.catalogue import ObjectClass, Room

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Thing:
    """An object in its place.

    Attributes:
        kind: its class.
        colour, material, size, pose: its attributes, words of the catalogue.
        center: of its box, metres, levelled frame.
        extent: (width, height, depth) of its box along the box's own axes, as it stands or lies.
        yaw: of the box, radians.
    """

    kind: ObjectClass
    colour: str
    material: str
    size: str
    pose: str
    center: Triple
    extent: Triple
    yaw: float

    def painted(self, colour: str) -> "Thing":
        """The same thing in another colour."""
        return replace(self, colour=colour)


@dataclass(frozen=True)
class Shell:
    """The room around: a floor and three walls, turned by ``yaw``.

    Attributes:
        room: its kind.
        yaw: radians about the vertical.
        back: metres from the camera to the back wall, square to it.
        left, right: metres from the camera to the side walls.
        tone: factor on the base colours of wall and floor.
    """

    room: Room
    yaw: float
    back: float
    left: float
    right: float
    tone: tuple[float, float]

    @property
    def normals(self) -> NDArray[np.float64]:
        """(3, 3): outward normals of the back, left and right wall."""
        cos, sin = float(np.cos(self.yaw)), float(np.sin(self.yaw))
        return np.array([[sin, 0, cos], [-cos, 0, sin], [cos, 0, -sin]])

    @property
    def distances(self) -> NDArray[np.float64]:
        """(3,): metres from the camera to those walls."""
        return np.array([self.back, self.left, self.right])


@dataclass(frozen=True)
class World:
    """Everything a picture is drawn from; ``light`` is the unit vector towards the light."""

    camera: Camera
    shell: Shell
    light: Triple
    things: tuple[Thing, ...]
