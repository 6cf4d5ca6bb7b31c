"""Pictures of any size and mode → square RGB arrays, for photographs and for the command line.

A picture is cropped to its central square: bars would be drawn by every image model trained on
them, and squeezing would break the pinhole camera.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

MAX_PIXELS = 100_000_000


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


def open_picture(data: bytes | None) -> Image.Image:
    """Open an encoded picture; pixels are decoded later.

    Raises:
        UnreadableImageError: no bytes, an unknown format, or more than ``MAX_PIXELS``.
    """
    if not data:
        raise UnreadableImageError("zero bytes")
    try:
        image = Image.open(io.BytesIO(data))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableImageError("not a readable picture") from error
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
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        width, height = image.size[::-1] if turned else image.size
        # A JPEG decodes much faster straight to a size not far above the wanted one.
        image.draft("RGB", (2 * size, 2 * size))
        upright = _to_rgb(ImageOps.exif_transpose(image))
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableImageError(f"cannot be decoded: {error}") from error
    small = Crop(upright.height, upright.width, size)
    left, top = small.corner
    square = (left, top, left + small.side, top + small.side)
    pixels = upright.resize((size, size), Image.Resampling.LANCZOS, box=square)
    return np.array(pixels), Crop(height, width, size)  # a copy, for torch wants it writable


def read_square(path: Path | str, size: int) -> tuple[np.ndarray, Crop]:
    """``square_rgb`` of a file.

    Raises:
        UnreadableImageError: names the file and the reason.
    """
    try:
        return square_rgb(open_picture(_read_bytes(path)), size)
    except UnreadableImageError as error:
        raise UnreadableImageError(f"{path}: {error}") from error


def read_depth(path: Path | str, unit: float, crop: Crop) -> np.ndarray:
    """Metres float32 ``(size, size)`` of a one-channel PNG or TIFF, 0 where unknown.

    Args:
        path: file of the same size as the picture that ``crop`` was made from.
        unit: metres of one grey level.
        crop: of the picture.

    Raises:
        UnreadableImageError: names the file; unreadable, several channels, or another size.
    """
    try:
        levels = np.asarray(open_picture(_read_bytes(path)), dtype=np.float32)
    except (UnreadableImageError, OSError, SyntaxError, ValueError) as error:
        raise UnreadableImageError(f"{path}: {error}") from error
    if levels.ndim != 2:
        raise UnreadableImageError(f"{path}: depth needs one channel, it has {levels.shape[2:]}")
    if levels.shape != (crop.height, crop.width):
        raise UnreadableImageError(
            f"{path}: depth is {levels.shape[1]}×{levels.shape[0]}, the picture "
            f"{crop.width}×{crop.height} (width×height, upright); resample one of them"
        )
    metres = crop.sample(levels) * unit
    return np.where(np.isfinite(metres) & (metres > 0), metres, 0).astype(np.float32)


def _read_bytes(path: Path | str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UnreadableImageError(error.strerror or str(error)) from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        grey = np.nan_to_num(np.asarray(image, dtype=np.float64))
        limit = 65535 if image.mode != "F" else max(float(grey.max(initial=0)), 1e-9)
        image = Image.fromarray((grey.clip(0, limit) * (255 / limit)).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")
