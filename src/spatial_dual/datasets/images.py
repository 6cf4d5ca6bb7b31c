"""Pictures of any size and mode → square RGB arrays: the one place where pictures are decoded.

The photo readers, the command line and ``SpatialDual`` all come here.

A picture is cropped to its central square: bars would be drawn by every image model trained on
them, and squeezing would break the pinhole camera.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from spatial_dual.datasets.limits import PICTURE_BYTES
from spatial_dual.datasets.reading import BadFileError, read_bytes

MAX_PIXELS = 100_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")
"""Read where Pillow was built with them; its other plugins start programs or are rare."""
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF orientation."""
_QUARTER_TURNS = {_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8]}
Picture = bytes | str | Path | Image.Image | np.ndarray
"""Encoded bytes, a file's path, or pixels."""


class UnreadableImageError(ValueError):
    """A picture that cannot be used; the message is the reason."""


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

    def intrinsics(
        self, given: tuple[float, float, float, float]
    ) -> tuple[float, float, float, float]:
        """Pixels (fx, fy, cx, cy) of the source, in pixels of the crop."""
        scale = self.size / self.side
        fx, fy, cx, cy = given
        left, top = self.corner
        return fx * scale, fy * scale, (cx - left) * scale, (cy - top) * scale


def open_picture(source: Picture | None) -> Image.Image:
    """Open a picture: encoded bytes, a file, or one that is already decoded.

    What a file is called does not matter, only what it holds. Of several frames the first counts.

    Raises:
        UnreadableImageError: no bytes, no such file, a format that is not in ``FORMATS``, more
            than ``MAX_PIXELS``, or an array that is not uint8 grey, RGB or RGBA.
    """
    if isinstance(source, Image.Image):
        image = source
    elif isinstance(source, np.ndarray):
        image = _from_array(source)
    else:
        image = _from_bytes(_read_bytes(source) if isinstance(source, str | Path) else source)
    if image.width * image.height > MAX_PIXELS:
        raise UnreadableImageError(f"{image.width}×{image.height} is more than {MAX_PIXELS} pixels")
    return image


def square_rgb(image: Image.Image, size: int) -> tuple[np.ndarray, Crop]:
    """uint8 ``(size, size, 3)`` of the upright picture's central square, and the crop.

    Turned as EXIF says, transparency laid on white, 16-bit and float greys scaled to 8 bits.

    Raises:
        UnreadableImageError: the pixels cannot be decoded.
    """
    try:
        stored = image.size
        # A JPEG decodes much faster straight to a size not far above the wanted one.
        image.draft("RGB", (2 * size, 2 * size))
        image.load()
        turn = _turn(image)
        upright = _to_8_bit(image if turn is None else image.transpose(turn))
        small = Crop(upright.height, upright.width, size)
        left, top = small.corner
        square = (left, top, left + small.side, top + small.side)
        pixels = _on_white(upright.resize((size, size), Image.Resampling.LANCZOS, box=square))
    except Exception as error:  # on broken files Pillow raises almost any type
        raise UnreadableImageError(f"cannot be decoded: {error}") from error
    width, height = stored[::-1] if turn in _QUARTER_TURNS else stored
    return np.array(pixels), Crop(height, width, size)  # a copy, for torch wants it writable


def stack_squares(pictures: np.ndarray | Picture | Sequence[Picture], size: int) -> np.ndarray:
    """uint8 ``(n, size, size, 3)`` of one picture or several, by the rules of ``square_rgb``.

    Raises:
        UnreadableImageError: names the file, or the number of the picture, and the reason.
    """
    squares = [pixels for _, pixels, _ in each_square(pictures, size)]
    return np.stack(squares) if squares else np.zeros((0, size, size, 3), np.uint8)


def each_square(
    pictures: np.ndarray | Picture | Sequence[Picture], size: int
) -> Iterator[tuple[Image.Image, np.ndarray, Crop]]:
    """Each picture as it was opened, with its square pixels and crop as of ``square_rgb``.

    Raises:
        UnreadableImageError: names the file, or the number of the picture, and the reason.
    """
    if isinstance(pictures, np.ndarray):
        pictures = list(pictures) if pictures.ndim == 4 else [pictures]
    elif isinstance(pictures, bytes | str | Path | Image.Image):
        pictures = [pictures]
    for number, picture in enumerate(pictures):
        try:
            opened = open_picture(picture)
            yield opened, *square_rgb(opened, size)
        except UnreadableImageError as error:
            name = picture if isinstance(picture, str | Path) else f"picture {number}"
            raise UnreadableImageError(f"{name}: {error}") from error


def _read_bytes(path: Path | str) -> bytes:
    try:
        return read_bytes(path, PICTURE_BYTES)
    except BadFileError as error:
        raise UnreadableImageError(error.reason) from error


def _from_bytes(data: bytes | None) -> Image.Image:
    if not data:
        raise UnreadableImageError("zero bytes")
    try:
        return Image.open(io.BytesIO(data), formats=_installed_formats())
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(f"more than {MAX_PIXELS} pixels: {error}") from error
    except Exception as error:  # on broken files Pillow raises almost any type
        known = ", ".join(_installed_formats())
        raise UnreadableImageError(f"not a readable picture; formats read: {known}") from error


@cache
def _installed_formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _from_array(pixels: np.ndarray) -> Image.Image:
    grey, colour = pixels.ndim == 2, pixels.ndim == 3 and pixels.shape[-1] in (3, 4)
    if pixels.dtype != np.uint8 or not (grey or colour) or 0 in pixels.shape:
        raise UnreadableImageError(
            f"array {pixels.dtype} {pixels.shape}; wanted uint8 (height, width, 3), 0 to 255"
        )
    return Image.fromarray(pixels)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What sets the picture upright; a broken EXIF block says nothing."""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
    except Exception:
        return None


def _to_8_bit(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where anything is transparent."""
    if image.mode.startswith(("I", "F")):
        # in place: a large picture has room for one copy in floats, not for five
        grey = np.array(image, dtype=np.float32)
        np.nan_to_num(grey, copy=False, posinf=0, neginf=0)
        limit = 65535 if image.mode != "F" else max(float(grey.max(initial=0)), 1e-9)
        np.clip(grey, 0, limit, out=grey)
        grey *= 255 / limit
        image = Image.fromarray(grey.astype(np.uint8))
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
