"""What was found in a picture, drawn as one map of instance numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spatial_dual.perception.hub.instances import Found

SAME_IOU = 0.7
"""Boxes of one label that overlap by more are one thing, found twice."""
FOREGROUND_STEP = 0.15
"""A pixel of a bare box belongs to the thing if its depth is within this share of the thing's..."""
LEAST_FOREGROUND = 0.1
"""...unless less than this share of the box is: then depth does not tell, and the box counts."""


def draw_instances(
    found: Sequence[Found], depth: NDArray[np.floating], max_instances: int
) -> tuple[NDArray[np.uint8], list[str], list[float]]:
    """Instance numbers (h, w), labels and scores, the surest first; small things lie over large.

    Things found twice count once. Where only a box is known, depth tells which of its pixels
    belong to the thing. What is wholly covered by others is left out.

    Args:
        found: of one picture.
        depth: (h, w) metres, 0 = unknown.
        max_instances: most instances kept.
    """
    kept = _distinct(sorted(found, key=lambda each: -each.score))[:max_instances]
    masks = [each.mask if each.mask is not None else box_mask(each.box, depth) for each in kept]
    canvas = np.zeros(depth.shape, dtype=np.int64)
    for number in sorted(range(len(kept)), key=lambda k: -int(masks[k].sum())):
        canvas[masks[number]] = number + 1
    visible = np.unique(canvas[canvas > 0])
    numbers = np.zeros(len(kept) + 1, dtype=np.uint8)
    numbers[visible] = np.arange(1, len(visible) + 1)
    shown = [kept[k - 1] for k in visible]
    return numbers[canvas], [each.label for each in shown], [each.score for each in shown]


def box_mask(
    box: tuple[float, float, float, float], depth: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Pixels (h, w) of a box that are about as far away as the thing in its middle.

    The thing's depth is the median in the inner half of the box, where it is known.
    """
    inside, inner = _window(box, depth.shape, 1.0), _window(box, depth.shape, 0.5)
    mask = np.zeros(depth.shape, dtype=bool)
    mask[inside] = True
    middle = depth[inner]
    middle = middle[middle > 0]
    if not len(middle):
        return mask
    own = float(np.median(middle))
    near = mask & (np.abs(depth - own) <= FOREGROUND_STEP * own)
    return near if near.sum() >= LEAST_FOREGROUND * mask.sum() else mask


def _window(
    box: tuple[float, float, float, float], shape: tuple[int, ...], share: float
) -> tuple[slice, slice]:
    """Rows and columns of the middle ``share`` of a box, at least one pixel inside the picture."""
    x0, y0, x1, y1 = box
    sides = []
    for low, high, length in ((y0, y1, shape[0]), (x0, x1, shape[1])):
        middle, half = (low + high) / 2, (high - low) / 2 * share
        first = min(max(int(np.floor(middle - half)), 0), length - 1)
        sides.append(slice(first, max(min(int(np.ceil(middle + half)), length), first + 1)))
    return sides[0], sides[1]


def _distinct(found: Sequence[Found]) -> list[Found]:
    """Greedy suppression of what a surer thing of the same label already covers."""
    kept: list[Found] = []
    for each in found:
        if all(each.label != other.label or _iou(each, other) <= SAME_IOU for other in kept):
            kept.append(each)
    return kept


def _iou(first: Found, second: Found) -> float:
    if first.mask is not None and second.mask is not None:
        return float((first.mask & second.mask).sum() / max((first.mask | second.mask).sum(), 1))
    a, b = np.array(first.box), np.array(second.box)
    sides = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None)
    common = float(sides.prod())
    return common / max(float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod()) - common, 1e-9)
