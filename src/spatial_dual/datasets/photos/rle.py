"""COCO's compressed run-length code of masks."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def decode_rle(code: Mapping[str, Any]) -> np.ndarray:
    """Mask of ``{"size": [height, width], "counts": text}`` as bool ``(height, width)``.

    The text holds run lengths, zeros first, in column-major order: five bits a character (offset
    48, bit 5 says that more follow, bit 4 of the last is the sign), from the fourth run on as the
    difference to the run two before.

    Raises:
        ValueError: the counts are no text, or the runs do not add up to height × width.
    """
    height, width = code["size"]
    if not isinstance(code["counts"], str):
        raise ValueError("counts must be COCO's compressed text (pycocotools.mask.encode)")
    symbols = np.frombuffer(code["counts"].encode("ascii"), np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero((symbols & 32) == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(len(symbols)) - np.repeat(starts, ends - starts + 1)
    runs = np.add.reduceat((symbols & 31) << (5 * place), starts) if len(ends) else ends
    runs -= np.where(symbols[ends] & 16, 1 << (5 * (place[ends] + 1)), 0)
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    if runs.sum() != height * width or (runs < 0).any():
        raise ValueError(f"mask runs add up to {runs.sum()} pixels, not {height}×{width}")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T
