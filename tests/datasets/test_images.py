"""Pictures of any size and mode as square RGB arrays."""

import io
from contextlib import suppress

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from spatial_dual.datasets.images import (
    Crop,
    UnreadableImageError,
    open_picture,
    square_rgb,
    stack_squares,
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
        stack_squares(path, 8)
    with pytest.raises(UnreadableImageError, match=r"nowhere.png: No such file"):
        stack_squares(tmp_path / "nowhere.png", 8)


def test_cut_file_is_named(tmp_path):
    path = tmp_path / "cut.png"
    wide().resize((600, 200)).save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnreadableImageError, match=r"cut.png: "):
        stack_squares(path, 8)


def test_intrinsics_follow_the_crop():
    crop = Crop(20, 60, 10)
    assert crop.intrinsics((40.0, 40.0, 30.0, 10.0)) == (20.0, 20.0, 5.0, 5.0)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_what_a_file_is_called_does_not_matter(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(wide(), "PNG"))
    (by_name,) = stack_squares(path, 10)
    np.testing.assert_array_equal(by_name, square_rgb(wide(), 10)[0])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_the_one_pillow_shows(kind, orientation):
    image = wide()
    exif = image.getexif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = encoded(image, kind, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(stored)))
    pixels, crop = square_rgb(open_picture(stored), 16)
    expected, plain = square_rgb(upright, 16)
    assert crop == plain
    assert np.abs(pixels.astype(int) - expected).mean() < 6


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_broken_exif_block_does_not_spoil_the_picture():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    stored = bytearray(encoded(wide(), "JPEG", exif=exif))
    start = stored.index(b"Exif\0\0") + 6
    stored[start + 4 : start + 10] = b"\xff" * 6
    pixels, crop = square_rgb(open_picture(bytes(stored)), 10)
    assert crop == Crop(20, 60, 10)
    assert pixels[5, 5, 1] > 150


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("seed", range(12))
def test_damaged_files_are_read_or_refused_and_nothing_else(kind, seed):
    rng = np.random.default_rng(seed)
    data = bytearray(encoded(wide(), kind))
    for place in rng.integers(0, len(data), 4):
        data[place] = rng.integers(256)
    for damaged in (bytes(data), bytes(data[: rng.integers(len(data))])):
        with suppress(UnreadableImageError):
            assert square_rgb(open_picture(damaged), 8)[0].shape == (8, 8, 3)


def test_decompression_bomb_is_refused_before_it_is_decoded():
    header = bytearray(encoded(Image.new("L", (1, 1)), "BMP"))
    header[18:26] = (60_000).to_bytes(4, "little") * 2
    with pytest.raises(UnreadableImageError, match="more than 100000000 pixels"):
        open_picture(bytes(header))


def test_palette_with_a_transparent_colour_lies_on_white():
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 20, 30] * 256)
    stored = encoded(image, "GIF", transparency=0)
    assert square_rgb(open_picture(stored), 8)[0].min() == 255


def test_bytes_files_and_arrays_give_the_same_squares(tmp_path):
    image = wide()
    path = tmp_path / "photo.png"
    image.save(path)
    pictures = [path, str(path), path.read_bytes(), image, np.asarray(image)]
    squares = stack_squares(pictures, 10)
    assert squares.shape == (5, 10, 10, 3)
    assert (squares == squares[:1]).all()
    np.testing.assert_array_equal(stack_squares(np.stack([image] * 2), 10), squares[:2])


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((4, 4, 3)), r"picture 0: array float64 \(4, 4, 3\)"),
        (np.zeros((4, 4, 2), np.uint8), r"wanted uint8 \(height, width, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), r"wanted uint8"),
        (b"", "picture 0: zero bytes"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(pixels, reason):
    with pytest.raises(UnreadableImageError, match=reason):
        stack_squares(pixels, 8)
