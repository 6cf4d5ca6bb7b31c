"""What a kind of object does with the space inside its box: holds, carries, or leaves it free.

A ball under a table and a ball in a box look alike as boxes: one box inside another. The label
tells them apart, so this small table of everyday nouns is data of the geometry.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """Use of the space inside a box, as fractions of the box's height above its bottom.

    Attributes:
        support: height of the surface that carries other things, 0.5 or more; below 1 for seats,
            whose box reaches up to the backrest.
        clearance: things below this height are under the object (between its legs); 0 if it
            stands on the floor with its whole base.
        contains: things inside the box are "in" it (bowl, basket, shelf, sink).
        round: a body of revolution while it stands upright, so that its yaw says nothing.
    """

    support: float = 1.0
    clearance: float = 0.0
    contains: bool = False
    round: bool = False


SOLID = Form()
_CONTAINER = Form(contains=True)
_ROUND_CONTAINER = Form(contains=True, round=True)
_LEGGED = Form(clearance=0.85)
_SEAT = Form(support=0.5, clearance=0.4)
_LOW_SEAT = Form(support=0.5)

FORMS: Mapping[str, Form] = {
    **dict.fromkeys(
        (
            *("bathtub", "bookcase", "bookshelf", "box", "cabinet", "cage", "crate", "drawer"),
            *("fridge", "handbag", "microwave", "oven", "refrigerator", "shelf", "sink"),
            *("suitcase", "toilet", "tray", "tub", "wardrobe"),
        ),
        _CONTAINER,
    ),
    **dict.fromkeys(("basket", "bin", "bowl", "bucket", "pan", "pot", "vase"), _ROUND_CONTAINER),
    **dict.fromkeys(("ball", "bottle", "lamp", "lantern", "plant"), Form(round=True)),
    **dict.fromkeys(("table", "dining table", "desk", "coffee table", "nightstand"), _LEGGED),
    **dict.fromkeys(("bench", "counter"), _LEGGED),
    "stool": Form(clearance=0.85, round=True),
    **dict.fromkeys(("chair", "armchair"), _SEAT),
    **dict.fromkeys(("sofa", "couch", "bed"), _LOW_SEAT),
}
"""Form of a label; a label that is absent is ``SOLID``."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "cushion": ("sofa", "couch", "armchair"),
    "door": ("cabinet", "wardrobe", "fridge"),
    "drawer": ("cabinet", "desk", "dresser", "nightstand"),
    "handle": ("cup", "mug", "door", "drawer"),
    "headboard": ("bed",),
    "lampshade": ("lamp",),
    "leg": ("table", "chair", "stool"),
    "tabletop": ("table",),
    "wheel": ("car", "bicycle", "cart"),
}
"""Part label -> labels of the wholes it can be "part of"."""


def form_of(label: str) -> Form:
    """Form of ``label``; unknown labels are solid."""
    return FORMS.get(label, SOLID)
