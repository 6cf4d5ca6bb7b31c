"""A scene graph drawn over its picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spatial_dual.figures.fonts import typeface
from spatial_dual.scene.graph import SceneGraph, SceneObject
from spatial_dual.scene.vocabulary import attribute_kind

PALETTE = (
    *("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#808000"),
    *("#000075", "#f032e6"),
)


def with_boxes(image: np.ndarray, graph: SceneGraph, side: int) -> Image.Image:
    """The picture (H, W, 3) uint8 enlarged to ``side``, with each object's region and name.

    Far things are drawn first, so that the boxes of near ones lie over theirs.
    """
    picture = Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(picture)
    font = typeface(max(9, side // 20))
    numbered = [(k, item) for k, item in enumerate(graph.objects) if item.region is not None]
    for number, item in sorted(numbered, key=lambda entry: -_distance(entry[1])):
        _draw_box(pen, item, PALETTE[number % len(PALETTE)], side, font)
    return picture


def name_of(item: SceneObject) -> str:
    """Label with its colour in front: "red cup"."""
    colours = [word for word in item.attributes if attribute_kind(word) == "colour"]
    return " ".join([*colours, item.label])


def _distance(item: SceneObject) -> float:
    return item.box.center[2] if item.box is not None else item.distance or 0.0


def _draw_box(
    pen: ImageDraw.ImageDraw,
    item: SceneObject,
    colour: str,
    side: int,
    font: ImageFont.FreeTypeFont,
) -> None:
    x0, y0, x1, y1 = (float(v) * side for v in item.region or ())
    corners = [(max(0.0, x0), max(0.0, y0)), (min(side - 1.0, x1), min(side - 1.0, y1))]
    if corners[0][0] >= corners[1][0] or corners[0][1] >= corners[1][1]:
        return  # wholly outside the picture
    pen.rectangle(corners, outline=colour, width=max(1, side // 128))
    text = name_of(item)
    _, _, right, bottom = pen.textbbox((0, 0), text, font=font)
    x = min(corners[0][0], max(0, side - right - 4))
    y = min(max(0.0, corners[0][1] - bottom - 1), side - bottom - 1)
    pen.rectangle([(x, y), (x + right + 3, y + bottom + 1)], fill=colour)
    pen.text((x + 2, y), text, fill="white", font=font)
