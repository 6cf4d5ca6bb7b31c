"""Pictures and depth maps of strangers: decoded the same twice, or refused by their reader."""

import io
import random

import numpy as np
from PIL import Image

from spatial_dual.datasets.depth_maps import BadDepthError, read_depth
from spatial_dual.datasets.exif import camera_fields
from spatial_dual.datasets.images import Crop, UnreadableImageError, open_picture, square_rgb
from tests.faults.child import fuzz
from tests.faults.readers import folder, own_error
from tests.faults.strange import strange_bytes


def encoded(form: str, dtype: type = np.uint8, mode: str = "", **options: object) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(np.arange(20, 20 + 16 * 12).reshape(12, 16).astype(dtype))
    (image.convert(mode) if mode else image).save(stream, form, **options)
    return stream.getvalue()


def exif() -> Image.Exif:
    """Orientation, focal lengths, a sensor's resolution."""
    fields = Image.Exif()
    fields[0x0112] = 6
    fields.get_ifd(0x8769).update({0x920A: 5.0, 0xA405: 35, 0xA20E: 300.0, 0xA210: 2, 0xA002: 16})
    return fields


PICTURES = [
    *(encoded("PNG", mode="P"), encoded("PNG", np.uint16), encoded("TIFF", np.float32)),
    *(encoded(form) for form in ("JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM")),
    *(encoded("JPEG", exif=exif()), encoded("TIFF", exif=exif()), encoded("PNG", exif=exif())),
]


def test_pictures() -> None:
    def make(rng: random.Random) -> bytes:
        return strange_bytes(rng, rng.choice(PICTURES))

    def check(data: bytes) -> None:
        try:
            opened = open_picture(data)
            first, crop = square_rgb(opened, 8)
        except UnreadableImageError:
            return
        second, _ = square_rgb(open_picture(data), 8)
        assert first.shape == (8, 8, 3)
        assert np.array_equal(first, second)
        assert crop.height > 0 < crop.width
        assert 1 <= camera_fields(opened, crop, 55.0)["fov_deg"] <= 179

    fuzz(make, check, 300, 60_000)


DEPTHS = [encoded("PNG", np.uint16), encoded("TIFF", np.float32)]


def test_depth_maps() -> None:
    def make(rng: random.Random) -> bytes:
        return strange_bytes(rng, rng.choice(DEPTHS))

    def check(data: bytes) -> None:
        with folder(d_png=data) as place, own_error(BadDepthError, place):
            metres = read_depth(place / "d.png", 0.02, Crop(12, 16, 8))
            assert metres.shape == (8, 8)
            assert np.isfinite(metres).all()
            assert metres.min() >= 0

    fuzz(make, check, 150, 30_000)
