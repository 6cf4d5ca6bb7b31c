"""Text of files of strangers: which encodings are read, and where a line ends."""

import codecs
import re
import unicodedata

from spatial_dual.datasets.limits import ID_CHARACTERS
from spatial_dual.datasets.reading import BadFileError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NO_TEXT = re.compile("[\0\x1b]")
"""Every second byte of UTF-16 without a mark is null; ISO 2022 changes its tables by escape."""
_LINE_END = re.compile("\r\n|\n|\r")


def decode_text(data: bytes, name: object) -> str:
    """Text in UTF-8, or in UTF-16 or UTF-32 with a byte-order mark.

    Other encodings are refused: from a few words none can be told from another with certainty, and
    a wrong guess would train on corrupt words in silence.

    Args:
        data: content of the file.
        name: of the file, for errors.

    Raises:
        BadFileError: another encoding.
    """
    encoding = next((code for mark, code in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadFileError(
            name, f"not {encoding.upper()} at byte {error.start}; {_ADVICE}"
        ) from error
    if found := _NO_TEXT.search(text):
        raise BadFileError(name, f"holds the control character {found[0]!r}; {_ADVICE}")
    return text


def split_lines(text: str) -> list[str]:
    """Lines that end in CR, LF or both, and nowhere else: U+2028 or a form feed ends none."""
    *lines, last = _LINE_END.split(text)
    return [*lines, last] if last else lines


def check_id(identifier: str) -> None:
    """An id can be written to a file and shown on a line.

    Raises:
        ValueError: it is empty, too long, or holds control characters or lone surrogates.
    """
    if not identifier:
        raise ValueError("no id")
    odd = any(unicodedata.category(sign) in ("Cc", "Cs") for sign in identifier)
    if odd or len(identifier) > ID_CHARACTERS:
        raise ValueError(f"id of more than {ID_CHARACTERS} characters, or with control characters")


_ADVICE = "convert it to UTF-8: iconv -f LATIN1 -t UTF-8, with its own encoding for LATIN1"
