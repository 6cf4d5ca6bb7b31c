"""What a figure of the paper can be saved as."""

import base64
import io
from dataclasses import dataclass
from html import escape
from typing import Protocol

from PIL import Image


class PaperFigure(Protocol):
    """A figure in all its forms; equal figures give equal bytes."""

    def to_png(self) -> bytes:
        """Pixels."""
        ...

    def to_svg(self) -> str:
        """Vectors, or the pixels wrapped in SVG."""
        ...

    def to_plotly(self) -> str | None:
        """Plotly's JSON; None for a picture, which has no data to point at."""
        ...


@dataclass(frozen=True)
class Picture:
    """A figure made of pictures.

    Attributes:
        image: the picture.
        title: for readers who cannot see it.
    """

    image: Image.Image
    title: str

    def to_png(self) -> bytes:
        """The picture."""
        stream = io.BytesIO()
        self.image.save(stream, format="PNG", optimize=True)
        return stream.getvalue()

    def to_svg(self) -> str:
        """The PNG within an SVG of the same size."""
        width, height = self.image.size
        content = base64.b64encode(self.to_png()).decode()
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}"><title>{escape(self.title)}</title>'
            f'<image width="{width}" height="{height}" '
            f'href="data:image/png;base64,{content}"/></svg>\n'
        )

    def to_plotly(self) -> None:
        """Nothing."""
