"""One Parquet photo row → one square record.

The photo is cropped to its central square: bars would be drawn by every image model trained on
them, and squeezing would break the pinhole camera. Image, depth, masks and boxes share the crop.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps

from spatial_dual.datasets.rle import decode_rle
from spatial_dual.scene.text import clean_caption

MAX_PIXELS = 100_000_000
MIN_KEPT_SHARE = 0.25
"""Share of an instance's box that must be inside the crop for it to stay recognisable."""


class BadRow(ValueError):  # noqa: N818
    """A row that cannot be used; the message is the reason."""


@dataclass(frozen=True)
class Crop:
    """Central square of a ``height`` × ``width`` raster, sampled at ``size`` × ``size``."""

    height: int
    width: int
    size: int

    @property
    def side(self) -> int:
        """Length of the square in source pixels."""
        return min(self.height, self.width)

    @property
    def corner(self) -> tuple[int, int]:
        """(left, top) of the square in source pixels."""
        return (self.width - self.side) // 2, (self.height - self.side) // 2

    def sample(self, raster: np.ndarray) -> np.ndarray:
        """Nearest source pixel ``(size, size)``: depth and masks must not blend over edges."""
        left, top = self.corner
        steps = ((np.arange(self.size) + 0.5) * self.side / self.size).astype(np.int64)
        return np.asarray(raster[np.ix_(top + steps, left + steps)])

    def box(self, box: tuple[float, float, float, float]) -> np.ndarray:
        """Box ``(x0, y0, x1, y1)`` in 0..1 of the source, in 0..1 of the crop, not clipped."""
        scale = np.array([self.width, self.height] * 2) / self.side
        return np.asarray(box) * scale - np.array(self.corner * 2) / self.side


def read_photo(
    row: Mapping[str, Any], size: int, max_objects: int, fov_deg: float
) -> dict[str, Any]:
    """Columns of one record (see the contract of ``photos.PhotoSource``).

    Raises:
        BadRow: no id, unreadable image, depth or instances, or no usable caption.
    """
    if not row["id"]:
        raise BadRow("empty id")
    image = _open(row["image"], "image")
    pixels, crop = _read_image(image, size)
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


def _open(data: bytes | None, what: str) -> Image.Image:
    if not data:
        raise BadRow(f"{what}: zero bytes")
    try:
        image = Image.open(io.BytesIO(data))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadRow(f"{what}: not a readable picture") from error
    if image.width * image.height > MAX_PIXELS:
        raise BadRow(f"{what}: {image.width}×{image.height} is more than {MAX_PIXELS} pixels")
    return image


def _read_image(image: Image.Image, size: int) -> tuple[np.ndarray, Crop]:
    try:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        width, height = image.size[::-1] if turned else image.size
        # A JPEG decodes much faster straight to a size not far above the wanted one.
        image.draft("RGB", (2 * size, 2 * size))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise BadRow(f"image: cannot be decoded: {error}") from error
    small = Crop(upright.height, upright.width, size)
    left, top = small.corner
    square = (left, top, left + small.side, top + small.side)
    pixels = upright.resize((size, size), Image.Resampling.LANCZOS, box=square)
    return np.asarray(pixels), Crop(height, width, size)


def _read_depth(row: Mapping[str, Any], crop: Crop) -> np.ndarray:
    """Metres ``(size, size)`` float16 from codes of log-depth, 0 where unknown or not given."""
    if not row.get("depth"):
        return np.zeros((crop.size, crop.size), np.float16)
    try:
        codes = np.asarray(_open(row["depth"], "depth").convert("L"))
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
