"""What strangers named, on its way to people: terminals, logs, CSV and Markdown.

It cannot move a terminal's cursor, forge a line or a column, or be taken for a formula.
"""

import json
import logging
import sys
import unicodedata
from types import TracebackType
from typing import Any

_FORMULA = (*"=+-@＝＋－＠", "\t", "\r", "\n", "'")
_MARKDOWN = {"\\": "\\\\", "|": "\\|", "`": "\\`", "<": "&lt;", "](": "]\\("}


def printable(text: object) -> str:
    r"""The text with every character that is no visible sign or blank as its escape, "\x1b".

    Control characters, newlines, lone surrogates (bytes of a file's name that are no UTF-8) and
    marks that turn the direction of writing. Names, ids, labels and commands go through here on
    their way to people.
    """
    whole = str(text)
    if whole.isprintable():
        return whole
    return "".join(sign if _is_visible(sign) else ascii(sign)[1:-1] for sign in whole)


def json_line(body: Any) -> str:
    """One line of JSON; in ASCII, which is equal JSON, where signs are no visible ones."""
    line = json.dumps(body, ensure_ascii=False)
    return line if line.isprintable() else json.dumps(body)


def csv_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: ``= + - @``, tab, return get an apostrophe.

    One that begins with an apostrophe gets another, so that ``from_csv_cell`` can take it away.
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def from_csv_cell(text: str) -> str:
    """Inverse of ``csv_cell``."""
    return text.removeprefix("'")


def markdown_cell(text: str) -> str:
    """Text of one cell or line of Markdown: no column, HTML, code or link of its own."""
    shown = printable(text)
    for sign, harmless in _MARKDOWN.items():
        shown = shown.replace(sign, harmless)
    return shown


class PrintableFormatter(logging.Formatter):
    """Log lines of another formatter, tracebacks too, with ``printable`` signs alone.

    A message's further lines are indented, so that none of them can pass for a line of its own.
    """

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines."""
        return _lines(self._inner.format(record)).replace("\n", "\n  ")


def protect_terminal() -> None:
    """Let the handlers of logs, and what prints the error that ends the process, be printable."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, PrintableFormatter):
            handler.setFormatter(PrintableFormatter(handler.formatter or logging.Formatter()))
    sys.excepthook = _print_exception


def _print_exception(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    text = logging.Formatter().formatException((kind, error, traceback))  # type: ignore[arg-type]
    print(_lines(text), file=sys.stderr)


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def _is_visible(sign: str) -> bool:
    return sign.isprintable() or unicodedata.category(sign) == "Zs"
