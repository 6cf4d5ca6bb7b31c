"""Instances with boxes or masks → numbered pixels of the square crop."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spatial_dual.datasets.images import Crop
from spatial_dual.datasets.limits import MOST_INSTANCES, TEXT_BYTES
from spatial_dual.datasets.numbers import four_numbers
from spatial_dual.datasets.photos.rle import decode_rle
from spatial_dual.datasets.reading import BadFileError, parse_json
from spatial_dual.scene.text import clean_label

MIN_KEPT_SHARE = 0.25
"""Share of an instance's box that must be inside the crop for it to stay recognisable."""

OUTSIDE_SHARE = 0.1
"""How far a box may reach out of the picture, as a share of its side: detectors overshoot."""

Instance = Mapping[str, Any]
"""``label``, ``box`` (x0, y0, x1, y1) in 0..1 of the uncropped picture, perhaps ``mask_rle``."""


class BadInstancesError(ValueError):
    """Instances that break their format; the message is the reason."""


def read_instances(text: str | None) -> list[Instance]:
    """Instances of a JSON list; none of "" or None.

    Raises:
        BadInstancesError: not such a list, no label, a box that is not x0 ≤ x1, y0 ≤ y1 in 0..1.
    """
    if not text:
        return []
    if len(text) > TEXT_BYTES:
        raise BadInstancesError(f"{len(text)} characters, at most {TEXT_BYTES}")
    try:
        instances = parse_json(text, "instances")
    except BadFileError as error:
        raise BadInstancesError(error.reason) from error
    if not isinstance(instances, list):
        raise BadInstancesError(f"not a JSON list of instances: {text[:60]}")
    if len(instances) > MOST_INSTANCES:
        raise BadInstancesError(f"{len(instances)} instances, at most {MOST_INSTANCES}")
    return [_checked(number, instance) for number, instance in enumerate(instances)]


def _checked(number: int, instance: object) -> Instance:
    """The instance with its label in normal form and its box as floats."""
    try:
        if not isinstance(instance, Mapping):
            raise ValueError(f'not an object with "label" and "box": {str(instance)[:60]}')
        label = clean_label(instance.get("label"))
        box = four_numbers(instance.get("box"), "box")
        if not _is_in_picture(box):
            raise ValueError(
                f"box {instance['box']} is not [x0, y0, x1, y1] with x0 ≤ x1, y0 ≤ y1 in 0…1; "
                "divide pixels by the picture's width and height"
            )
    except ValueError as error:
        raise BadInstancesError(f"instance {number}: {error}") from error
    return {**instance, "label": label, "box": box}


def _is_in_picture(box: tuple[float, float, float, float]) -> bool:
    """Whether a box is one; of no area it is a detection rounded to nothing, left out later."""
    x0, y0, x1, y1 = box
    reach = OUTSIDE_SHARE
    return -reach <= x0 <= x1 <= 1 + reach and -reach <= y0 <= y1 <= 1 + reach


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
            mask = decode_rle(instance["mask_rle"], crop.height, crop.width)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInstancesError(
                f'mask of {instance["label"]!r} is not COCO\'s {{"size", "counts"}}: {error}'
            ) from error
        if (sampled := crop.sample(mask)).any():
            return sampled
    region = np.zeros((crop.size, crop.size), bool)
    rows, columns = (
        slice(min(int(low * crop.size), crop.size - 1), max(int(np.ceil(high * crop.size)), 1))
        for low, high in ((top, bottom), (left, right))
    )
    region[rows, columns] = True
    return region
