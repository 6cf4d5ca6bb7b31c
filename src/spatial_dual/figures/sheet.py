"""Contact sheets: rows of pictures and texts under headings."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from spatial_dual.figures.fonts import typeface

Cell = Image.Image | str

MARGIN = 8
_SIZES = (13, 12, 11, 10, 9)
"""Of fonts, the largest that a text fits its cell with."""
_SPACING = 4


def contact_sheet(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Image.Image:
    """One cell a heading in each row; pictures are squares of one size, texts are wrapped.

    Raises:
        ValueError: no row, or a row of another length than the headings.
    """
    if not rows or any(len(row) != len(headings) for row in rows):
        raise ValueError(
            f"each row needs {len(headings)} cells, got {[len(row) for row in rows] or 'no rows'}"
        )
    side = max(cell.height for row in rows for cell in row if isinstance(cell, Image.Image))
    font = typeface(_SIZES[0])
    titles = [_wrapped(heading, font, side) for heading in headings]
    top = 2 * MARGIN + max(map(len, titles)) * (_SIZES[0] + _SPACING)
    step = side + MARGIN
    sheet = Image.new("RGB", (MARGIN + step * len(headings), top + step * len(rows)), "white")
    pen = ImageDraw.Draw(sheet)
    for column, lines in enumerate(titles):
        place = (MARGIN + column * step, MARGIN)
        pen.multiline_text(place, "\n".join(lines), fill="#444444", font=font, spacing=_SPACING)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            place = (MARGIN + column * step, top + number * step)
            if isinstance(cell, str):
                _write(pen, cell, place, side)
            else:
                sheet.paste(cell, place)
    return sheet


def _write(pen: ImageDraw.ImageDraw, text: str, place: tuple[int, int], side: int) -> None:
    """Wrap the text at ``side``; what fits in no size is cut with an ellipsis."""
    for size in _SIZES:
        font, room = typeface(size), side // (size + _SPACING)
        lines = _wrapped(text, font, side)
        if len(lines) <= room:
            break
    else:
        lines[room - 1 :] = [_cut(lines[room - 1], font, side)]
    pen.multiline_text(place, "\n".join(lines), fill="black", font=font, spacing=_SPACING)


def _cut(line: str, font: ImageFont.FreeTypeFont, side: int) -> str:
    """As many words of the line as fit with an ellipsis."""
    words = line.split()
    while len(words) > 1 and font.getlength(" ".join([*words, "…"])) > side:
        words.pop()
    return " ".join([*words, "…"])


def _wrapped(text: str, font: ImageFont.FreeTypeFont, side: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > side:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
