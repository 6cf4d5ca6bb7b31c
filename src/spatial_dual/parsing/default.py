"""Which parser reads texts: Stanza with the package that ships here, or one that is named."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from spatial_dual.parsing.interface import TextGraphParser
from spatial_dual.parsing.lexicon_parser import LexiconParser
from spatial_dual.parsing.stanza_parser import StanzaParser

SHIPPED = Path(__file__).parent / "models"
"""Folder of the package that ``kedro run --pipelines=text_parser`` trained."""

_STANZA = ("folder", "package", "spelling")


def default_parser(
    folder: str | None = None, package: str | None = None, spelling: bool = True
) -> StanzaParser:
    """The Stanza parser of a folder and package, one for the whole process.

    Args:
        folder: Stanza resources, such as those of ``stanza.download("en")``; None: the shipped.
        package: name of its models; None: "caption" of the shipped folder, "default" of others.
        spelling: whether misspelt words are corrected, see ``parsing.spelling``.

    Raises:
        FileNotFoundError: there are no models in the folder.
    """
    package = package or ("default" if folder else "caption")
    return _loaded(Path(folder or SHIPPED), package, spelling)


def parser_of(choice: str, parsing: Mapping[str, Any]) -> TextGraphParser:
    """The parser of a name: "stanza", "lexicon" or "factual".

    Args:
        choice: "lexicon" needs no model and is exact on rendered captions alone.
        parsing: arguments of ``default_parser``, and ``factual``: checkpoint of ``FactualParser``.

    Raises:
        ValueError: no such name.
    """
    if choice == "stanza":
        return default_parser(**{key: parsing[key] for key in _STANZA if key in parsing})
    if choice == "lexicon":
        return LexiconParser()
    if choice == "factual":
        from spatial_dual.parsing.factual import FactualParser

        return FactualParser(parsing["factual"])
    raise ValueError(f"a parser is 'stanza', 'factual' or 'lexicon', got {choice!r}")


def parser_named(name: str | None) -> TextGraphParser:
    """The parser that a command names.

    Args:
        name: "stanza", "lexicon", "factual" or "factual:" and a checkpoint, or a folder of Stanza
            models; None is the shipped one.

    Raises:
        FileNotFoundError: there are no models in the folder.
    """
    choice, _, checkpoint = (name or "stanza").partition(":")
    if choice == "factual":
        from spatial_dual.parsing.factual import PUBLISHED

        return parser_of("factual", {"factual": checkpoint or PUBLISHED})
    if name in (None, "stanza", "lexicon"):
        return parser_of(choice, {})
    return default_parser(name)


@cache
def _loaded(folder: Path, package: str, spelling: bool) -> StanzaParser:
    return StanzaParser(folder, package, spelling)
