"""What the subcommands read: the model, texts, images."""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from spatial_dual.commands.errors import CommandError
from spatial_dual.datasets.limits import PICTURE_BYTES
from spatial_dual.datasets.reading import BadFileError
from spatial_dual.datasets.text_files import decode_text, split_lines
from spatial_dual.scene.text import clean_caption

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from spatial_dual.datasets.images import Crop
    from spatial_dual.models.spatial_dual import SpatialDual
    from spatial_dual.parsing.interface import TextGraphParser
    from spatial_dual.scene.graph import SceneGraph


def load_model(folder: Path, allow_hub: bool = False) -> "SpatialDual":
    """The trained model.

    Args:
        folder: perhaps a stranger's.
        allow_hub: whether published checkpoints that it names may be loaded.

    Raises:
        CommandError: it is not there, not whole, or of another version.
    """
    # before torch is imported: the command should not take seconds to say that nothing is trained
    if not folder.is_dir():
        raise CommandError(
            f"no trained model at {folder}; run `make train` first, or name a model's folder with "
            "--model DIR"
        )
    from spatial_dual.models.spatial_dual import SpatialDual

    try:
        return SpatialDual.from_pretrained(folder, allow_hub=allow_hub)
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot load the model: {error}") from error


def load_parser(name: str | None) -> "TextGraphParser":
    """The parser that ``--parser`` names, see ``parsing.default.parser_named``.

    Raises:
        CommandError: there is no such parser, or nothing usable in its folder.
    """
    from spatial_dual.parsing.default import parser_named

    try:
        return parser_named(name)
    except FileNotFoundError as error:
        raise CommandError(f"--parser: {error}") from error


def parse_texts(parser: "TextGraphParser", texts: Sequence[str]) -> "list[SceneGraph]":
    """What the texts say.

    Raises:
        CommandError: the parser's models are damaged, or not there.
    """
    try:
        return parser.parse(texts)
    except (FileNotFoundError, ValueError) as error:
        raise CommandError(f"--parser: {error}") from error


def checked_text(text: str, place: str = "") -> str:
    """The text in normal form.

    Raises:
        CommandError: empty or too long; names ``place``.
    """
    where = f"{place}: " if place else ""
    try:
        cleaned = clean_caption(text)
    except ValueError as error:
        raise CommandError(f"{where}{error}") from error
    if not any(map(str.isalpha, cleaned)):
        raise CommandError(f"{where}the text is empty; say what should be where")
    return cleaned


@cache
def standard_input() -> bytes:
    """All of standard input; it can be read once, and is asked for by several.

    Raises:
        CommandError: it is closed, or holds more than ``PICTURE_BYTES``.
    """
    if sys.stdin is None:
        raise CommandError("standard input is closed")
    data = sys.stdin.buffer.read(PICTURE_BYTES + 1)
    if len(data) > PICTURE_BYTES:
        raise CommandError(f"standard input: more than {PICTURE_BYTES} bytes")
    return data


def read_picture(path: Path, size: int) -> "tuple[Image, np.ndarray, Crop]":
    """A picture as it was opened, with its square pixels and crop; "-" is standard input.

    Raises:
        UnreadableImageError: names the file and the reason.
    """
    from spatial_dual.datasets.images import UnreadableImageError, open_picture, square_rgb

    try:
        opened = open_picture(standard_input() if str(path) == "-" else path)
        return opened, *square_rgb(opened, size)
    except UnreadableImageError as error:
        raise UnreadableImageError(f"{path}: {error}") from error


def read_lines(file: str) -> list[str]:
    """Lines of a text file, or of standard input for "-".

    Raises:
        CommandError: the file cannot be read.
    """
    try:
        data = standard_input() if file == "-" else Path(file).read_bytes()
        return split_lines(decode_text(data, file))
    except BadFileError as error:
        raise CommandError(str(error)) from error
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        raise CommandError(f"{file}: {getattr(error, 'strerror', None) or error}") from error
