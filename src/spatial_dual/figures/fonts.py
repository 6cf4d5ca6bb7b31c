"""The one typeface of all pictures."""

from functools import cache
from pathlib import Path

from PIL import ImageFont


@cache
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which Matplotlib carries: Pillow's own lacks signs like "³"."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    return ImageFont.truetype(str(path), size)
