"""The vocabulary of the rendered world: what objects there are, and how they are built.

Shapes are given in the object's own box, scaled to -1..1 on each axis: x right, y up, z away from
the viewer, so the front of an object that faces the viewer is at z = -1.
"""

from dataclasses import dataclass

from spatial_dual.render.shapes import Part, box, cylinder, ellipsoid

RGB = tuple[float, float, float]

COLOURS: dict[str, RGB] = {
    "red": (0.80, 0.13, 0.13),
    "orange": (0.96, 0.52, 0.10),
    "yellow": (0.95, 0.84, 0.18),
    "green": (0.16, 0.58, 0.22),
    "blue": (0.14, 0.33, 0.80),
    "purple": (0.53, 0.22, 0.66),
    "white": (0.93, 0.93, 0.92),
    "black": (0.13, 0.13, 0.15),
}
MATERIALS = ("plain", "striped", "checkered")
SIZES: dict[str, float] = {"small": 0.82, "large": 1.16}
"""Factor on the object's usual extent."""
UPRIGHT = "upright"
LYING = "lying"
FACING: dict[str, float] = {"facing forward": 0.0, "facing left": 1.31, "facing right": -1.31}
"""Pose -> yaw in radians, as the viewer sees it."""
POSES = (UPRIGHT, LYING, *FACING)

_WOOD: RGB = (0.55, 0.38, 0.23)
_DARK: RGB = (0.20, 0.20, 0.22)
_LEAF: RGB = (0.24, 0.47, 0.20)
_PAPER: RGB = (0.95, 0.93, 0.86)
_STEEL: RGB = (0.66, 0.68, 0.70)
_SCREEN: RGB = (0.09, 0.12, 0.16)


@dataclass(frozen=True)
class ObjectClass:
    """One kind of object.

    Attributes:
        name: the label.
        extent: usual (width, height, depth) in metres. The world is a doll's house: small things
            are larger against furniture than real ones, so that they show at 128 pixels.
        parts: primitives it is built of.
        poses: poses it can take.
        surface: (x0, z0, x1, z1) in -1..1 of the area that carries other things, if any.
        opaque: whether things can hide behind it.
    """

    name: str
    extent: tuple[float, float, float]
    parts: tuple[Part, ...]
    poses: tuple[str, ...] = (UPRIGHT,)
    surface: tuple[float, float, float, float] | None = None
    opaque: bool = False


def _legs(x: float, z: float, top: float, thickness: tuple[float, float], tint: RGB) -> list[Part]:
    height = (top + 1) / 2
    return [
        box((i * x, top - height, j * z), (thickness[0], height, thickness[1]), tint)
        for i in (-1, 1)
        for j in (-1, 1)
    ]


_FACING = tuple(FACING)
_WHOLE = (-1.0, -1.0, 1.0, 1.0)
_TIPPABLE = (UPRIGHT, LYING)

_ALL = (
    ObjectClass(
        "table",
        (1.02, 0.6, 0.66),
        (box((0, 0.88, 0), (1, 0.12, 1)), *_legs(0.88, 0.84, 0.76, (0.07, 0.1), _WOOD)),
        surface=_WHOLE,
    ),
    ObjectClass(
        "chair",
        (0.5, 0.92, 0.5),
        (
            box((0, -0.04, -0.05), (1, 0.06, 0.95)),
            box((0, 0.5, 0.88), (1, 0.5, 0.12)),
            *_legs(0.85, 0.82, -0.1, (0.12, 0.12), _WOOD),
        ),
        poses=_FACING,
        surface=(-1, -1, 1, 0.7),
    ),
    ObjectClass(
        "stool",
        (0.46, 0.5, 0.46),
        (
            cylinder((0, 0.85, 0), (1, 0.15, 1)),
            cylinder((0, -0.1, 0), (0.2, 0.8, 0.2), tint=_STEEL),
            cylinder((0, -0.93, 0), (0.8, 0.07, 0.8), tint=_STEEL),
        ),
        surface=(-0.7, -0.7, 0.7, 0.7),
    ),
    ObjectClass(
        "sofa",
        (1.22, 0.7, 0.62),
        (
            box((0, -0.5, 0), (0.98, 0.5, 0.97)),
            box((0, 0.5, 0.72), (0.84, 0.5, 0.28)),
            box((-0.9, -0.2, 0), (0.1, 0.8, 1), 0.85),
            box((0.9, -0.2, 0), (0.1, 0.8, 1), 0.85),
        ),
        poses=_FACING,
        surface=(-0.76, -1, 0.76, 0.4),
        opaque=True,
    ),
    ObjectClass(
        "bed",
        (0.9, 0.68, 1.2),
        (
            box((0, -0.75, 0), (1, 0.25, 1), _WOOD),
            box((0, -0.25, 0), (0.97, 0.25, 0.97)),
            box((0, -0.2, 0.66), (0.8, 0.3, 0.2), _PAPER),
            box((0, 0, 0.95), (1, 1, 0.05), _WOOD),
        ),
        poses=_FACING,
        surface=(-0.9, -0.95, 0.9, 0.4),
        opaque=True,
    ),
    ObjectClass(
        "cabinet",
        (0.82, 0.8, 0.48),
        (box((0, 0.05, 0), (1, 0.95, 1)), box((0, -0.95, 0.05), (0.9, 0.05, 0.9), _DARK)),
        poses=_FACING,
        surface=_WHOLE,
        opaque=True,
    ),
    ObjectClass(
        "shelf",
        (0.76, 1.08, 0.36),
        (
            box((0, 0, 0.91), (0.97, 0.98, 0.08), 0.8),
            box((-0.94, 0, 0), (0.06, 1, 1)),
            box((0.94, 0, 0), (0.06, 1, 1)),
            *(box((0, y, 0), (0.9, 0.035, 0.98)) for y in (-0.965, -0.3, 0.33, 0.965)),
        ),
        poses=("facing forward",),
        surface=_WHOLE,
        opaque=True,
    ),
    ObjectClass(
        "lamp",
        (0.44, 1.15, 0.44),
        (
            cylinder((0, 0.62, 0), (1, 0.38, 1), top=0.55),
            cylinder((0, -0.3, 0), (0.09, 0.68, 0.09), tint=_DARK),
            cylinder((0, -0.97, 0), (0.6, 0.03, 0.6), tint=_DARK),
        ),
    ),
    ObjectClass(
        "plant",
        (0.46, 0.82, 0.46),
        (
            cylinder((0, -0.66, 0), (0.52, 0.34, 0.52), top=1.3),
            ellipsoid((0, 0.3, 0), (0.62, 0.7, 0.62), _LEAF),
            ellipsoid((-0.5, 0.05, 0), (0.5, 0.36, 0.5), _LEAF),
            ellipsoid((0.5, 0.2, 0.1), (0.5, 0.36, 0.5), _LEAF),
        ),
    ),
    ObjectClass(
        "lantern",
        (0.42, 0.56, 0.42),
        (
            ellipsoid((0, -0.45, 0), (1, 0.55, 1)),
            cylinder((0, 0.5, 0), (0.05, 0.5, 0.05), tint=_DARK),
        ),
    ),
    ObjectClass(
        "basket",
        (0.57, 0.37, 0.57),
        (cylinder((0, 0, 0), (0.76, 1, 0.76), top=1.31, hollow=True),),
    ),
    ObjectClass(
        "crate",
        (0.6, 0.36, 0.46),
        (
            box((0, -0.92, 0), (1, 0.08, 1)),
            box((0, 0, -0.94), (1, 1, 0.06)),
            box((0, 0, 0.94), (1, 1, 0.06)),
            box((-0.95, 0, 0), (0.05, 1, 0.9)),
            box((0.95, 0, 0), (0.05, 1, 0.9)),
        ),
    ),
    ObjectClass(
        "cup",
        (0.32, 0.29, 0.24),
        (
            cylinder((-0.26, 0, 0), (0.66, 1, 0.9), top=1.11, hollow=True),
            box((0.72, 0.45, 0), (0.28, 0.1, 0.16)),
            box((0.9, 0, 0), (0.1, 0.5, 0.16)),
            box((0.72, -0.45, 0), (0.28, 0.1, 0.16)),
        ),
        poses=_TIPPABLE,
    ),
    ObjectClass(
        "bottle",
        (0.24, 0.62, 0.24),
        (
            cylinder((0, -0.4, 0), (1, 0.6, 1)),
            cylinder((0, 0.36, 0), (1, 0.16, 1), top=0.4),
            cylinder((0, 0.68, 0), (0.4, 0.28, 0.4)),
            cylinder((0, 0.93, 0), (0.46, 0.07, 0.46), tint=_PAPER),
        ),
        poses=_TIPPABLE,
    ),
    ObjectClass(
        "book",
        (0.12, 0.46, 0.36),
        (
            box((0, 0, 0.05), (0.7, 0.94, 0.93), _PAPER),
            box((-0.85, 0, 0), (0.15, 1, 1)),
            box((0.85, 0, 0), (0.15, 1, 1)),
            box((0, 0, -0.93), (0.9, 1, 0.07)),
        ),
        poses=_TIPPABLE,
    ),
    ObjectClass("ball", (0.35, 0.35, 0.35), (ellipsoid((0, 0, 0), (1, 1, 1)),)),
    ObjectClass(
        "television",
        (0.78, 0.55, 0.16),
        (
            box((0, 0.15, 0.1), (1, 0.85, 0.4)),
            box((0, 0.15, -0.35), (0.87, 0.66, 0.1), _SCREEN),
            box((0, -0.82, 0.1), (0.14, 0.14, 0.3), _DARK),
            box((0, -0.95, 0), (0.5, 0.05, 1), _DARK),
        ),
        poses=_FACING,
    ),
    ObjectClass(
        "cat",
        (0.24, 0.42, 0.57),
        (
            ellipsoid((0, -0.2, 0.15), (1, 0.46, 0.72)),
            ellipsoid((0, 0.36, -0.62), (0.82, 0.42, 0.38)),
            cylinder((-0.48, 0.83, -0.62), (0.3, 0.17, 0.13), top=0.05),
            cylinder((0.48, 0.83, -0.62), (0.3, 0.17, 0.13), top=0.05),
            cylinder((0, 0.25, 0.88), (0.2, 0.55, 0.09)),
            *(
                cylinder((x, -0.72, z), (0.22, 0.28, 0.1))
                for x in (-0.55, 0.55)
                for z in (-0.3, 0.6)
            ),
        ),
        poses=_FACING,
    ),
    ObjectClass(
        "car",
        (0.3, 0.27, 0.56),
        (
            box((0, -0.15, 0), (0.92, 0.38, 1)),
            box((0, 0.6, 0.12), (0.78, 0.4, 0.52), _PAPER),
            *(
                cylinder((x, -0.56, z), (0.12, 0.44, 0.21), axis="x", tint=_DARK)
                for x in (-0.88, 0.88)
                for z in (-0.56, 0.56)
            ),
        ),
        poses=_FACING,
    ),
    ObjectClass(
        "drawer",
        (0.68, 0.28, 0.1),
        (box((0, 0, 0.15), (1, 1, 0.85)), box((0, 0, -0.85), (0.22, 0.2, 0.15), _DARK)),
        poses=_FACING,
    ),
    ObjectClass(
        "cushion",
        (0.41, 0.38, 0.19),
        (ellipsoid((0, 0, 0), (1, 1, 1)), box((0, 0, 0), (0.78, 0.8, 0.6))),
        poses=_FACING,
    ),
)
CLASSES: dict[str, ObjectClass] = {kind.name: kind for kind in _ALL}
PART_SLOTS: dict[str, tuple[str, tuple[tuple[float, float, float], ...]]] = {
    "cabinet": ("drawer", ((0.0, 0.5, -1.08), (0.0, -0.34, -1.08))),
    "sofa": ("cushion", ((-0.5, 0.4, 0.2), (0.5, 0.4, 0.2))),
}
"""Whole -> its part and the places, in the whole's box, where one can be."""


@dataclass(frozen=True)
class Room:
    """A kind of room: what stands in it and how its walls and floor look.

    Attributes:
        name: the graph's place.
        furniture: classes that stand on the floor; a repeated name is more frequent.
        items: classes that are put on, in and under other things, likewise.
        wall: base colour.
        floor: base colour.
        flooring: "planks", "carpet" or "tiles".
    """

    name: str
    furniture: tuple[str, ...]
    items: tuple[str, ...]
    wall: RGB
    floor: RGB
    flooring: str


ROOMS: dict[str, Room] = {
    room.name: room
    for room in (
        Room(
            "living room",
            ("sofa", "sofa", "sofa", "table", "shelf", "lamp", "plant", "stool", "cabinet"),
            ("book", "cat", "ball", "cup", "bottle", "television", "television", "car"),
            (0.93, 0.88, 0.78),
            (0.68, 0.53, 0.39),
            "planks",
        ),
        Room(
            "bedroom",
            ("bed", "bed", "bed", "bed", "cabinet", "lamp", "chair", "stool", "shelf"),
            ("book", "cat", "cat", "ball", "car", "car", "television"),
            (0.80, 0.84, 0.93),
            (0.66, 0.63, 0.68),
            "carpet",
        ),
        Room(
            "kitchen",
            ("table", "table", "chair", "chair", "stool", "cabinet", "crate", "basket"),
            ("cup", "cup", "bottle", "bottle", "basket", "cat", "ball"),
            (0.85, 0.93, 0.86),
            (0.80, 0.78, 0.73),
            "tiles",
        ),
        Room(
            "office",
            ("table", "table", "chair", "shelf", "cabinet", "crate", "plant", "lamp"),
            ("television", "television", "book", "book", "cup", "car"),
            (0.90, 0.90, 0.89),
            (0.52, 0.57, 0.62),
            "carpet",
        ),
    )
}
