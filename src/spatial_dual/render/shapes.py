"""Primitives that objects are built of: boxes, frusta and ellipsoids in a box of -1..1."""

from dataclasses import dataclass
from enum import IntEnum

Triple = tuple[float, float, float]


class Shape(IntEnum):
    """What the affine image of a unit body a primitive is; y is the axis of a frustum."""

    BOX = 0
    FRUSTUM = 1
    HOLLOW_FRUSTUM = 2
    ELLIPSOID = 3


@dataclass(frozen=True)
class Part:
    """One primitive of an object.

    Attributes:
        shape: which unit body.
        center: in the object's box, -1..1.
        half: half extents in the object's box.
        top: radius at y = 1 over the radius at y = -1 (frusta); ``half`` is that at y = -1.
        axis: axis of a frustum in the object, "x" or "y".
        tint: None for the object's colour and pattern, a number for a shade of that colour, a
            triple for a colour of its own.
    """

    shape: Shape
    center: Triple
    half: Triple
    top: float = 1.0
    axis: str = "y"
    tint: float | Triple | None = None


def box(center: Triple, half: Triple, tint: float | Triple | None = None) -> Part:
    """A box."""
    return Part(Shape.BOX, center, half, tint=tint)


def ellipsoid(center: Triple, half: Triple, tint: float | Triple | None = None) -> Part:
    """An ellipsoid."""
    return Part(Shape.ELLIPSOID, center, half, tint=tint)


def cylinder(
    center: Triple,
    half: Triple,
    top: float = 1.0,
    axis: str = "y",
    hollow: bool = False,
    tint: float | Triple | None = None,
) -> Part:
    """A cylinder or frustum; ``hollow`` ones are open at the top and show their inside."""
    shape = Shape.HOLLOW_FRUSTUM if hollow else Shape.FRUSTUM
    return Part(shape, center, half, top, axis, tint)
