"""Which parser reads texts: Stanza with the package that ships here, or one that is named."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from spatial_dual.parsing.interface import TextGraphParser
from spatial_dual.parsing.lexicon_parser import LexiconParser
from spatial_dual.parsing.stanza_parser import StanzaParser

SHIPPED = Path(__file__).parent / "models"
"""Folder of the package that ``kedro run --pipelines=text_parser`` trained."""


def default_parser(folder: str | None = None, package: str | None = None) -> StanzaParser:
    """The Stanza parser of a folder and package, one for the whole process.

    Args:
        folder: Stanza resources, such as those of ``stanza.download("en")``; None: the shipped.
        package: name of its models; None: "caption" of the shipped folder, "default" of others.

    Raises:
        FileNotFoundError: there are no models in the folder.
    """
    return _loaded(Path(folder or SHIPPED), package or ("default" if folder else "caption"))


def parser_of(choice: str, parsing: Mapping[str, str | None]) -> TextGraphParser:
    """The parser of a name, "stanza" or "lexicon".

    Args:
        choice: "lexicon" needs no model and is exact on rendered captions alone.
        parsing: ``folder`` and ``package`` of Stanza, see ``default_parser``.

    Raises:
        ValueError: no such name.
    """
    if choice == "stanza":
        return default_parser(parsing["folder"], parsing["package"])
    if choice == "lexicon":
        return LexiconParser()
    raise ValueError(f"a parser is 'stanza' or 'lexicon', got {choice!r}")


@cache
def _loaded(folder: Path, package: str) -> StanzaParser:
    return StanzaParser(folder, package)
