"""The camera of a photograph, from what it wrote into its file."""

import math
from typing import Any

from PIL import ExifTags, Image

from spatial_dual.datasets.images import Crop

FILM_DIAGONAL = math.hypot(36, 24)
"""Millimetres of the 35 mm film that "equivalent" focal lengths refer to."""
_MILLIMETRES = {2: 25.4, 3: 10.0, 4: 1.0}
"""Of EXIF's units of focal plane resolution: inch, centimetre, millimetre."""


def focal_pixels(picture: Image.Image, crop: Crop) -> float | None:
    """Focal length in pixels of the whole picture, None where its EXIF does not tell.

    From the focal length's 35 mm equivalent (f / 43.3 mm · diagonal), or from the focal length and
    the resolution of the sensor.

    Args:
        picture: as it was opened.
        crop: knows the picture's full size, whatever size it was decoded at.
    """
    try:
        fields = picture.getexif().get_ifd(ExifTags.IFD.Exif)
    except Exception:  # broken EXIF blocks raise almost any type, and say nothing
        return None
    equivalent = _positive(fields.get(ExifTags.Base.FocalLengthIn35mmFilm))
    if equivalent:
        return equivalent / FILM_DIAGONAL * math.hypot(crop.width, crop.height)
    focal = _positive(fields.get(ExifTags.Base.FocalLength))
    resolution = _positive(fields.get(ExifTags.Base.FocalPlaneXResolution))
    width = _positive(fields.get(ExifTags.Base.ExifImageWidth))
    unit = _MILLIMETRES.get(fields.get(ExifTags.Base.FocalPlaneResolutionUnit, 2))
    if focal and resolution and width and unit:
        sensor_width = width / resolution * unit
        return focal / sensor_width * max(crop.width, crop.height)
    return None


def camera_fields(picture: Image.Image, crop: Crop, assumed_fov_deg: float) -> dict[str, Any]:
    """The record's ``camera``: vertical field of view of the crop, and its source.

    Args:
        picture: as it was opened.
        crop: that the record shows of it.
        assumed_fov_deg: where EXIF does not tell, or tells what no camera has.
    """
    focal = focal_pixels(picture, crop)
    fov = math.degrees(2 * math.atan(crop.side / 2 / focal)) if focal else 0.0
    told = 1 <= fov <= 179  # beyond, as ``perception.camera`` says, no camera sees
    return {
        "fov_deg": fov if told else assumed_fov_deg,
        "pitch_deg": None,
        "height_m": None,
        "source": "exif" if told else "assumed",
    }


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) and number > 0 else None
