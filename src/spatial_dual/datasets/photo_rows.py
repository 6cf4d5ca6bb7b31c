"""One Parquet photo row → one square record.

Image, depth, masks and boxes share the crop to the central square.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from spatial_dual.datasets.images import Crop, UnreadableImageError, open_picture, square_rgb
from spatial_dual.datasets.rle import decode_rle
from spatial_dual.scene.text import clean_caption

MIN_KEPT_SHARE = 0.25
"""Share of an instance's box that must be inside the crop for it to stay recognisable."""


class BadRow(ValueError):  # noqa: N818
    """A row that cannot be used; the message is the reason."""


def read_photo(
    row: Mapping[str, Any], size: int, max_objects: int, fov_deg: float
) -> dict[str, Any]:
    """Columns of one record (see the contract of ``photos.PhotoSource``).

    Raises:
        BadRow: no id, unreadable image, depth or instances, or no usable caption.
    """
    if not row["id"]:
        raise BadRow("empty id")
    try:
        pixels, crop = square_rgb(open_picture(row["image"]), size)
    except UnreadableImageError as reason:
        raise BadRow(f"image: {reason}") from reason
    instances, labels = _paint(_read_instances(row.get("instances")), crop, max_objects)
    camera = {"fov_deg": fov_deg, "pitch_deg": None, "height_m": None, "source": "assumed"}
    return {
        "id": row["id"],
        "image": pixels,
        "depth": _read_depth(row, crop),
        "instances": instances,
        "labels": labels,
        "camera": json.dumps(camera),
        "graph": "",
        "captions": _read_captions(row["captions"]),
        "place": "",
    }


def _read_depth(row: Mapping[str, Any], crop: Crop) -> np.ndarray:
    """Metres ``(size, size)`` float16 from codes of log-depth, 0 where unknown or not given."""
    if not row.get("depth"):
        return np.zeros((crop.size, crop.size), np.float16)
    try:
        codes = np.asarray(open_picture(row["depth"]).convert("L"))
    except (OSError, SyntaxError, ValueError) as error:
        raise BadRow(f"depth: {error}") from error
    if codes.shape != (crop.height, crop.width):
        raise BadRow(f"depth: {codes.shape}, the image is {(crop.height, crop.width)}")
    nearest, farthest = row.get("depth_min_m"), row.get("depth_max_m")
    if not (nearest and farthest and 0 < nearest < farthest < np.inf):
        raise BadRow(f"depth: range {nearest}…{farthest} m")
    metres = nearest * (farthest / nearest) ** (np.arange(-1, 255) / 254)
    metres[0] = 0
    return np.asarray(metres.astype(np.float16)[crop.sample(codes)])


def _read_instances(text: str | None) -> list[dict[str, Any]]:
    if not text:
        return []
    try:
        instances = json.loads(text)
        for instance in instances:
            box = np.array(instance["box"], float)
            if not instance["label"] or box.shape != (4,) or not np.isfinite(box).all():
                raise ValueError(f"label {instance['label']!r}, box {instance['box']}")
    except (ValueError, KeyError, TypeError) as error:
        raise BadRow(f"instances: {error!r}") from error
    return list(instances)


def _paint(
    instances: list[dict[str, Any]], crop: Crop, max_objects: int
) -> tuple[np.ndarray, list[str]]:
    """Instance numbers ``(size, size)`` and labels, the largest first and lowest in the stack."""
    regions = [(_region(instance, crop), instance["label"]) for instance in instances]
    sized = [(int(region.sum()), region, label) for region, label in regions if region is not None]
    largest = sorted(sized, key=lambda entry: -entry[0])[:max_objects]
    canvas = np.zeros((crop.size, crop.size), np.uint8)
    for number, (_, region, _) in enumerate(largest, start=1):
        canvas[region] = number
    return canvas, [label for _, _, label in largest]


def _region(instance: Mapping[str, Any], crop: Crop) -> np.ndarray | None:
    """Pixels ``(size, size)`` of the mask, of the box without one, or None outside the crop."""
    x0, y0, x1, y1 = whole = crop.box(instance["box"])
    left, top, right, bottom = np.clip(whole, 0, 1)
    area = (x1 - x0) * (y1 - y0)
    if area <= 0 or (right - left) * (bottom - top) < MIN_KEPT_SHARE * area:
        return None
    if instance.get("mask_rle"):
        try:
            mask = decode_rle(instance["mask_rle"])
        except (ValueError, KeyError, TypeError) as error:
            raise BadRow(f"instances: {error}") from error
        if mask.shape != (crop.height, crop.width):
            raise BadRow(f"instances: mask {mask.shape}, image {(crop.height, crop.width)}")
        if (sampled := crop.sample(mask)).any():
            return sampled
    region = np.zeros((crop.size, crop.size), bool)
    rows, columns = (
        slice(min(int(low * crop.size), crop.size - 1), max(int(np.ceil(high * crop.size)), 1))
        for low, high in ((top, bottom), (left, right))
    )
    region[rows, columns] = True
    return region


def _read_captions(captions: list[str] | None) -> list[str]:
    cleaned = []
    for caption in captions or []:
        try:
            cleaned.append(clean_caption(caption or ""))
        except ValueError:
            continue  # the other captions of the photo may do
    kept = [caption for caption in cleaned if any(map(str.isalpha, caption))]
    if not kept:
        raise BadRow(f"captions: none of {len(captions or [])} is usable")
    return kept
