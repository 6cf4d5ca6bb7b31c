from pathlib import Path

import pytest

from spatial_dual.parsing.default import SHIPPED, default_parser, parser_of
from spatial_dual.parsing.lexicon_parser import LexiconParser

SHIPPED_BYTES = 15_000_000


def test_models_are_loaded_once() -> None:
    assert default_parser() is default_parser(None, None)
    assert parser_of("stanza", {"folder": None, "package": None}) is default_parser()


def test_another_folder_is_taken_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        default_parser(str(tmp_path))


def test_the_lexicon_needs_no_models() -> None:
    assert isinstance(parser_of("lexicon", {}), LexiconParser)


def test_other_names_are_refused() -> None:
    with pytest.raises(ValueError, match="'spacy'"):
        parser_of("spacy", {})


def test_the_package_is_small() -> None:
    files = [file for file in SHIPPED.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < SHIPPED_BYTES
    assert {file.parent.name for file in SHIPPED.glob("en/*/caption.pt")} == {
        *("tokenize", "mwt", "pos", "lemma", "depparse")
    }
