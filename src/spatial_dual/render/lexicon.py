"""The words of the captions, shared by the grammar's two directions."""

from collections.abc import Mapping

from spatial_dual.render.catalogue import (
    CLASSES,
    COLOURS,
    FACING,
    LYING,
    MATERIALS,
    ROOMS,
    SIZES,
    UPRIGHT,
)

NOUNS = frozenset(CLASSES)
PLACES = frozenset(ROOMS)
ADJECTIVES: tuple[tuple[str, ...], ...] = (
    tuple(SIZES),
    (UPRIGHT, LYING),
    tuple(COLOURS),
    MATERIALS,
)
"""Attributes before the noun, in the order of English adjectives; at most one of each group."""
POSTMODIFIERS = tuple(FACING)
"""Attributes after the noun."""

PREDICATE_PHRASES: Mapping[str, tuple[str, ...]] = {
    "to the left of": ("to the left of", "left of", "on the left of", "on the left side of"),
    "to the right of": ("to the right of", "right of", "on the right of", "on the right side of"),
    "in front of": ("in front of",),
    "behind": ("behind", "in back of"),
    "above": ("above", "over"),
    "under": ("under", "below", "beneath", "underneath"),
    "on": ("on", "on top of"),
    "in": ("in", "inside"),
    "next to": ("next to", "beside", "close to"),
    "part of": ("part of",),
}
"""Predicate -> how a caption may say it; the first is the most usual."""
VERBS: tuple[tuple[str, str], ...] = (("is", "are"), ("stands", "stand"), ("sits", "sit"))
"""(singular, plural); "part of" goes with the first only."""
JOINTS = (", and", ", while", ";")
"""Between clauses."""


def article(word: str) -> str:
    """Indefinite article before ``word``."""
    return "an" if word[0] in "aeiou" else "a"
