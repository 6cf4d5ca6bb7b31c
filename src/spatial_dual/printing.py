"""Lines on terminals and in logs: what strangers named cannot move the cursor or forge a line."""

import json
import logging
import sys
import unicodedata
from types import TracebackType
from typing import Any


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


class LineFormatter(logging.Formatter):
    """Log lines, tracebacks too, with ``printable`` signs alone; messages may have many lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines."""
        return _lines(super().format(record))


def print_exception(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """A ``sys.excepthook`` that prints as ``LineFormatter`` does."""
    text = logging.Formatter().formatException((kind, error, traceback))
    print(_lines(text), file=sys.stderr)


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def _is_visible(sign: str) -> bool:
    return sign.isprintable() or unicodedata.category(sign) == "Zs"
