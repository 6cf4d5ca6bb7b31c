"""What an instance looks like, in words, from its pixels: colour and coarse texture.

For photographs, where no network has learned attribute words. Colours are named in CIELAB, where
distance is near to how different two colours look.
"""

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab

Array = NDArray[np.float64]

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (190, 30, 35),
    "orange": (240, 130, 30),
    "yellow": (240, 215, 60),
    "green": (60, 140, 60),
    "blue": (45, 90, 190),
    "purple": (125, 60, 150),
    "pink": (235, 150, 175),
    "brown": (110, 70, 45),
    "beige": (215, 195, 160),
    "black": (25, 25, 28),
    "grey": (128, 128, 128),
    "white": (240, 240, 238),
}
"""Typical sRGB values of the basic colour terms."""
LIGHTNESS_WEIGHT = 0.6
"""Shading changes lightness more than hue, so lightness counts for less."""
LEAST_SHARE = 0.4
"""A colour is named if at least this share of the pixels is nearest to it."""
LEAST_PIXELS = 24
"""Smaller instances show no texture."""
PLAIN_CONTRAST = 3.0
"""Mean lightness gradient per pixel (of 100) below which a surface is plain."""
STRIPED_ORDER = 0.45
"""Least agreement of the gradients on one axis, 0..1..."""
CHECKERED_ORDER = 0.2
"""...and on two at right angles; lower, for the corners of checks point between the axes."""


def appearance(
    image: NDArray[np.uint8], instances: NDArray[np.uint8], count: int
) -> list[tuple[str, ...]]:
    """Attribute words of each instance, none where nothing is clear: (colour, texture).

    Args:
        image: (height, width, 3) sRGB.
        instances: (height, width), 0 = background, k = instance number.
        count: number of instances.
    """
    lab = rgb2lab(image)
    names, textures = _colours(lab, instances, count), _textures(lab[..., 0], instances, count)
    return [tuple(word for word in words if word) for words in zip(names, textures, strict=True)]


def _colours(lab: Array, instances: NDArray[np.uint8], count: int) -> list[str | None]:
    """The colour that most pixels of each instance are nearest to."""
    scale = np.array([LIGHTNESS_WEIGHT, 1, 1])
    typical = rgb2lab(np.array([list(COLOURS.values())], dtype=np.uint8))[0] * scale
    shown = instances > 0
    pixels = lab[shown] * scale
    # |p - c|² without the term that is the same for all colours
    distance = (typical * typical).sum(1) - 2 * pixels @ typical.T
    votes = np.zeros((count + 1, len(COLOURS)))
    np.add.at(votes, (instances[shown], distance.argmin(1)), 1)
    names = list(COLOURS)
    return [
        names[row.argmax()] if row.max() >= max(1, LEAST_SHARE * row.sum()) else None
        for row in votes[1:]
    ]


def _textures(lightness: Array, instances: NDArray[np.uint8], count: int) -> list[str | None]:
    """Plain, striped or checkered, by how the gradients inside each instance are directed.

    With gradients g = |g| e^{iθ}, stripes have a large Σ|g| e^{2iθ} (one axis), checks a small
    one and a large Σ|g| e^{4iθ} (two axes at right angles).
    """
    down, right = np.gradient(lightness)
    strength, angle = np.hypot(right, down), np.arctan2(down, right)
    inner = np.where(_interior(instances), instances, 0).reshape(-1)

    def mean(values: Array) -> Array:
        sums = np.bincount(inner, values.reshape(-1), minlength=count + 1)
        return sums[1:] / np.maximum(size, 1)

    size = np.bincount(inner, minlength=count + 1)[1:]
    contrast = mean(strength)
    orders = [
        np.hypot(mean(strength * np.cos(k * angle)), mean(strength * np.sin(k * angle)))
        / np.maximum(contrast, 1e-9)
        for k in (2, 4)
    ]
    striped = orders[0] > STRIPED_ORDER
    words = np.where(striped, "striped", np.where(orders[1] > CHECKERED_ORDER, "checkered", ""))
    words = np.where(contrast < PLAIN_CONTRAST, "plain", words)
    return [
        str(word) if enough and word else None
        for word, enough in zip(words, size >= LEAST_PIXELS, strict=True)
    ]


def _interior(instances: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels whose four neighbours belong to the same instance: no outline."""
    padded = np.pad(instances, 1, mode="edge")
    around = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    return np.logical_and.reduce([instances == side for side in around])
