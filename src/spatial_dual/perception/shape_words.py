"""What a box says of a thing in words: its size among its kind, and whether it stands or lies."""

import numpy as np
from numpy.typing import NDArray

from spatial_dual.perception.size_prior import SizePrior

Array = NDArray[np.float64]

SMALLER, LARGER = 0.97, 1.07
"""Share of the usual size of its kind below which a thing is small, above which it is large."""
SMALL_SIDE, LARGE_SIDE = 0.25, 1.2
"""Metres: the same for the longest side of a thing of a kind whose usual size is unknown."""
TALL = frozenset({"bottle", "candle", "giraffe", "lamp", "lantern", "person", "vase", "wine glass"})
"""Kinds that are higher than wide while they stand."""
STANDS, LIES = 1.2, 0.75
"""Height as a share of the longer horizontal side, from which on and up to which that is clear."""


def shape_words(label: str, size: Array, prior: SizePrior) -> tuple[str, ...]:
    """(size, pose) of a thing, each only where it is clear.

    Args:
        label: noun.
        size: (3,) width, height, depth of its hull, metres.
        prior: usual sizes by label.
    """
    return tuple(word for word in (_size_word(label, size, prior), _pose_word(label, size)) if word)


def _size_word(label: str, size: Array, prior: SizePrior) -> str | None:
    usual = prior.usual(label)
    if usual is None:
        longest = size.max()
        return "small" if longest < SMALL_SIDE else "large" if longest > LARGE_SIDE else None
    # a thing's pose and turn move its sides about, but not their order by length
    ratio = np.exp(np.log(np.sort(size) / np.sort(usual)).mean())
    return "small" if ratio < SMALLER else "large" if ratio > LARGER else None


def _pose_word(label: str, size: Array) -> str | None:
    if label not in TALL:
        return None
    ratio = size[1] / max(size[0], size[2])
    return "upright" if ratio > STANDS else "lying" if ratio < LIES else None
