"""Instances with boxes or masks → numbered pixels of the square crop."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spatial_dual.datasets.images import Crop
from spatial_dual.datasets.photos.rle import decode_rle

MIN_KEPT_SHARE = 0.25
"""Share of an instance's box that must be inside the crop for it to stay recognisable."""

Instance = Mapping[str, Any]
"""``label``, ``box`` (x0, y0, x1, y1) in 0..1 of the uncropped picture, perhaps ``mask_rle``."""


class BadInstancesError(ValueError):
    """Instances that break their format; the message is the reason."""


def read_instances(text: str | None) -> list[Instance]:
    """Instances of a JSON list; none of "" or None.

    Raises:
        BadInstancesError: not such a list, an empty label, a box that is not four numbers.
    """
    if not text:
        return []
    try:
        instances = json.loads(text)
        for instance in instances:
            box = np.array(instance["box"], float)
            label = instance["label"]
            if not (label and isinstance(label, str) and box.shape == (4,)):
                raise ValueError(f"label {label!r}, box {instance['box']}")
            if not np.isfinite(box).all():
                raise ValueError(f"box {instance['box']}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInstancesError(repr(error)) from error
    return list(instances)


def paint(
    instances: Sequence[Instance], crop: Crop, max_objects: int
) -> tuple[np.ndarray, list[int]]:
    """Instance numbers uint8 ``(size, size)``, 0 = none, and which instance each number is.

    The largest are kept, at most ``max_objects``; smaller ones lie on top of larger ones.

    Raises:
        BadInstancesError: a mask that cannot be decoded or has another size than the picture.
    """
    regions = {index: _region(instance, crop) for index, instance in enumerate(instances)}
    areas = {index: int(region.sum()) for index, region in regions.items() if region is not None}
    largest = sorted(areas, key=lambda index: -areas[index])[:max_objects]
    canvas = np.zeros((crop.size, crop.size), np.uint8)
    for number, index in enumerate(largest, start=1):
        canvas[regions[index]] = number
    return canvas, largest


def _region(instance: Instance, crop: Crop) -> np.ndarray | None:
    """Pixels ``(size, size)`` of the mask, of the box without one, or None outside the crop."""
    x0, y0, x1, y1 = whole = crop.box(instance["box"])
    left, top, right, bottom = np.clip(whole, 0, 1)
    area = (x1 - x0) * (y1 - y0)
    if area <= 0 or (right - left) * (bottom - top) < MIN_KEPT_SHARE * area:
        return None
    if instance.get("mask_rle"):
        try:
            mask = decode_rle(instance["mask_rle"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInstancesError(f"mask of {instance['label']!r}: {error}") from error
        if mask.shape != (crop.height, crop.width):
            raise BadInstancesError(f"mask {mask.shape}, image {(crop.height, crop.width)}")
        if (sampled := crop.sample(mask)).any():
            return sampled
    region = np.zeros((crop.size, crop.size), bool)
    rows, columns = (
        slice(min(int(low * crop.size), crop.size - 1), max(int(np.ceil(high * crop.size)), 1))
        for low, high in ((top, bottom), (left, right))
    )
    region[rows, columns] = True
    return region
