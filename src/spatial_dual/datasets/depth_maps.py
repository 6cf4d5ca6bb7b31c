"""Measured depth → metres: the one place where depth is decoded, normalised and refused."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spatial_dual.datasets.images import Crop, Picture, UnreadableImageError, open_picture

NEAREST, FARTHEST = 0.05, 200.0
"""Metres between which the median of a depth map must lie; beyond, its unit is another one."""
USUAL_UNITS = (0.001, 0.0002, 0.01, 1.0, 0.0001)
"""Metres of one level: millimetres, TUM's 1/5000 m, centimetres, metres, tenths of millimetres."""
USUAL_MEDIANS = (0.3, 20.0)
"""Metres between which a suggested unit must put the median."""


class BadDepthError(UnreadableImageError):
    """Depth that cannot be used; the message is the reason."""


def read_depth(path: Path | str, unit: float, crop: Crop) -> NDArray[np.float32]:
    """Metres ``(size, size)`` of a one-channel PNG or TIFF, 0 where unknown.

    Args:
        path: file of the same size as the picture that ``crop`` was made from.
        unit: metres of one level.
        crop: of the picture.

    Raises:
        BadDepthError: names the file; reasons as in ``depth_levels`` and ``depth_in_metres``, or
            nothing is known.
    """
    try:
        metres = depth_in_metres(depth_levels(path, crop), unit)
        if not metres.any():
            raise BadDepthError("0 or unknown everywhere; is this a depth map?")
    except BadDepthError as error:
        raise BadDepthError(f"{path}: {error}") from error
    return metres


def depth_levels(source: Picture, crop: Crop) -> NDArray[np.float64]:
    """Levels ``(size, size)`` of a one-channel picture of the size that ``crop`` is of.

    Sampled first: in the picture's full size floats would take eight times its memory.

    Raises:
        BadDepthError: unreadable, several channels, or another size.
    """
    try:
        levels = np.asarray(open_picture(source))
    except Exception as error:  # on broken files Pillow raises almost any type
        raise BadDepthError(str(error)) from error
    if levels.ndim != 2:
        raise BadDepthError(f"depth needs one channel, it has {levels.shape[2]}")
    if levels.shape != (crop.height, crop.width):
        raise BadDepthError(
            f"depth is {levels.shape[1]}×{levels.shape[0]}, the picture "
            f"{crop.width}×{crop.height} (width×height, upright); resample one of them"
        )
    return crop.sample(levels).astype(np.float64)


def depth_in_metres(levels: NDArray[np.floating], unit: float) -> NDArray[np.float32]:
    """Levels times unit; what is not finite, zero or negative is unknown: 0.

    Args:
        levels: any shape.
        unit: metres of one level.

    Raises:
        BadDepthError: all the same level, or the median is no distance that a camera measures.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        metres = levels * unit
    known = np.isfinite(metres) & (metres > 0)
    values = metres[known]
    if values.size > 1 and values.min() == values.max():
        raise BadDepthError(f"the same depth everywhere ({values[0]:g} m): no measurement")
    if values.size and not NEAREST <= np.median(values) <= FARTHEST:
        raise BadDepthError(_wrong_unit(float(np.median(values)), unit))
    return np.where(known, metres, 0).astype(np.float32)


def _wrong_unit(median: float, unit: float) -> str:
    low, high = USUAL_MEDIANS
    level = median / unit
    better = [each for each in USUAL_UNITS if low <= level * each <= high]
    advice = (
        f"a unit of {better[0]:g} m would make it {level * better[0]:.2g} m"
        if better
        else "no usual unit makes it a distance; is this depth?"
    )
    return f"the median depth is {median:.3g} m with a unit of {unit:g} m; {advice}"
