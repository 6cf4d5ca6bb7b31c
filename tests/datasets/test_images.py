"""Pictures of any size and mode as square RGB arrays; given depth beside them."""

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from spatial_dual.datasets.images import (
    Crop,
    UnreadableImageError,
    open_picture,
    read_depth,
    read_square,
    square_rgb,
)


def wide() -> Image.Image:
    """Red left, green middle square, blue right."""
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, :20, 0] = pixels[:, 20:40, 1] = pixels[:, 40:, 2] = 200
    return Image.fromarray(pixels)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK", "YCbCr"])
def test_middle_square_of_any_colour_mode(mode):
    pixels, crop = square_rgb(wide().convert(mode), 10)
    assert pixels.shape == (10, 10, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels[5, 5].astype(int) - (0, 200, 0)).max() < 12
    assert crop == Crop(20, 60, 10)


@pytest.mark.parametrize(
    ("grey", "mode", "level"),
    [
        (np.full((8, 8), 128, np.uint8), "L", 128),
        (np.full((8, 8), 128 * 257, np.uint16), "I;16", 128),
        (np.full((8, 8), 128 * 257, np.int32), "I", 128),
        (np.eye(8) > 2, "1", 0),
    ],
)
def test_greys_of_any_depth(grey, mode, level):
    image = Image.fromarray(grey)
    assert image.mode == mode
    assert np.abs(square_rgb(image, 8)[0].astype(int) - level).max() <= 1


def test_transparency_lies_on_white():
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert square_rgb(clear, 8)[0].min() == 255


def test_picture_is_turned_upright():
    image = wide()
    exif = image.getexif()
    exif[ExifTags.Base.Orientation] = 6
    stored = io.BytesIO()
    image.save(stored, "PNG", exif=exif)
    _, crop = square_rgb(open_picture(stored.getvalue()), 10)
    assert (crop.height, crop.width) == (60, 20)


def test_file_that_is_no_picture_is_named(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    with pytest.raises(UnreadableImageError, match=r"notes.png: not a readable picture"):
        read_square(path, 8)
    with pytest.raises(UnreadableImageError, match=r"nowhere.png: No such file"):
        read_square(tmp_path / "nowhere.png", 8)


def test_cut_file_is_named(tmp_path):
    path = tmp_path / "cut.png"
    wide().resize((600, 200)).save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnreadableImageError, match=r"cut.png: "):
        read_square(path, 8)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_depth_is_cropped_like_the_picture(tmp_path, suffix):
    levels = np.zeros((20, 60), np.uint16)
    levels[:, 20:40] = 1500
    path = tmp_path / f"depth.{suffix}"
    Image.fromarray(levels).save(path)
    metres = read_depth(path, 0.001, Crop(20, 60, 10))
    assert metres.dtype == np.float32
    np.testing.assert_allclose(metres, 1.5)


def test_depth_of_another_size_is_refused(tmp_path):
    path = tmp_path / "depth.png"
    Image.fromarray(np.zeros((10, 10), np.uint16)).save(path)
    with pytest.raises(UnreadableImageError, match="depth is 10×10, the picture 60×20"):
        read_depth(path, 0.001, Crop(20, 60, 10))


def test_depth_in_colour_is_refused(tmp_path):
    path = tmp_path / "depth.png"
    wide().save(path)
    with pytest.raises(UnreadableImageError, match="one channel"):
        read_depth(path, 0.001, Crop(20, 60, 10))


def test_intrinsics_follow_the_crop():
    crop = Crop(20, 60, 10)
    assert crop.intrinsics((40.0, 40.0, 30.0, 10.0)) == (20.0, 20.0, 5.0, 5.0)
