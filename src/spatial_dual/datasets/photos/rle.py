"""COCO's compressed run-length code of masks."""

from collections.abc import Mapping
from typing import Any

import numpy as np

_DIGITS = 12
"""Most characters of a number, 60 bits: those of any picture have at most six."""


def decode_rle(code: Mapping[str, Any], height: int, width: int) -> np.ndarray:
    """Mask of ``{"size": [height, width], "counts": text}`` as bool ``(height, width)``.

    The text holds run lengths, zeros first, in column-major order: five bits a character (offset
    48, bit 5 says that more follow, bit 4 of the last is the sign), from the fourth run on as the
    difference to the run two before. No length is trusted before it is compared with the picture:
    a sum of lengths that wraps around 64 bits would write beyond the mask.

    Args:
        code: as it stands in the file.
        height, width: of the picture, which the code has to repeat.

    Raises:
        ValueError: another size, no such text, or runs that do not add up to the picture.
        KeyError, TypeError: it is no such mapping.
    """
    if list(code["size"]) != [height, width]:
        raise ValueError(f"size is {code['size']}, of the picture {[height, width]}")
    runs = _run_lengths(code["counts"], height * width)
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T


def _run_lengths(counts: object, pixels: int) -> np.ndarray:
    """Lengths of all runs, int64, whose sum is ``pixels``."""
    if not isinstance(counts, str):
        raise ValueError("counts must be COCO's compressed text (pycocotools.mask.encode)")
    symbols = np.frombuffer(counts.encode("utf-8", "surrogatepass"), np.uint8).astype(np.int64) - 48
    if not len(symbols) or symbols.min() < 0 or symbols.max() > 63 or symbols[-1] & 32:
        raise ValueError("counts are not COCO's compressed text, or break off")
    ends = np.flatnonzero((symbols & 32) == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(len(symbols)) - np.repeat(starts, ends - starts + 1)
    if place.max() >= _DIGITS:
        raise ValueError("a run is longer than any picture")
    runs = np.add.reduceat((symbols & 31) << (5 * place), starts)
    runs -= np.where(symbols[ends] & 16, 1 << (5 * (place[ends] + 1)), 0)
    # differences of lengths in 0 … pixels are no larger themselves, so that their sums cannot wrap
    if np.abs(runs).max() <= pixels:
        runs[1::2] = np.cumsum(runs[1::2])
        runs[2::2] = np.cumsum(runs[2::2])
    if runs.min() < 0 or runs.max() > pixels or runs.sum() != pixels:
        raise ValueError(f"mask runs do not add up to the {pixels} pixels of the picture")
    return runs
