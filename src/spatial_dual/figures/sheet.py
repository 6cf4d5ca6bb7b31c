"""Contact sheets: rows of pictures and texts under headings."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

Cell = Image.Image | str

MARGIN = 8
_FONT_SIZE = 13
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
    step, top = side + MARGIN, 2 * MARGIN + _FONT_SIZE
    sheet = Image.new("RGB", (MARGIN + step * len(headings), top + step * len(rows)), "white")
    pen = ImageDraw.Draw(sheet)
    bold = ImageFont.load_default(size=_FONT_SIZE + 1)
    for column, heading in enumerate(headings):
        pen.text((MARGIN + column * step, MARGIN // 2), heading, fill="#444444", font=bold)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            place = (MARGIN + column * step, top + number * step)
            if isinstance(cell, str):
                _write(pen, cell, place, side)
            else:
                sheet.paste(cell, place)
    return sheet


def _write(pen: ImageDraw.ImageDraw, text: str, place: tuple[int, int], side: int) -> None:
    """Wrap the text at ``side``; what does not fit below is cut with an ellipsis."""
    font = ImageFont.load_default(size=_FONT_SIZE)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pen.textlength(longer, font=font) > side:
            lines.append(word)
        else:
            lines[-1] = longer
    room = side // (_FONT_SIZE + _SPACING)
    if len(lines) > room:
        lines[room - 1 :] = [f"{lines[room - 1]} …"]
    pen.multiline_text(place, "\n".join(lines), fill="black", font=font, spacing=_SPACING)
