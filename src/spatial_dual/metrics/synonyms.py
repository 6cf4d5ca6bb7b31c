"""When two words mean the same, for SPICE: a small lexicon of our own, or WordNet."""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Protocol

PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")


class Synonyms(Protocol):
    """Senses of words; two words are synonyms if they are equal or share a sense.

    Attributes:
        name: what the protocol says of it.
    """

    name: str

    def senses(self, word: str) -> frozenset[str]:
        """Names of the senses of a word or phrase, empty where it is unknown."""
        ...


class LexiconSynonyms:
    """Groups of synonyms that come with the package: everyday nouns, attributes, prepositions."""

    name = "own lexicon"

    def __init__(self) -> None:
        self._senses = _own_lexicon()

    def senses(self, word: str) -> frozenset[str]:
        """The groups that the word stands in."""
        return self._senses.get(word, frozenset())


class WordNetSynonyms:
    """WordNet's synsets, from the database files ``index.*`` and ``*.exc`` of a folder.

    Debian's ``wordnet-base`` has them in /usr/share/wordnet, NLTK's download in corpora/wordnet.
    The files are read as wndb(5WN) lays them down: NLTK's own reader refuses folders outside its
    search path and needs files that Debian's package leaves out.

    Raises:
        FileNotFoundError: the folder lacks an index.
    """

    def __init__(self, folder: Path) -> None:
        missing = [p for p in PARTS_OF_SPEECH if not (folder / f"index.{p}").is_file()]
        if missing:
            raise FileNotFoundError(
                f"{folder}: no index.{missing[0]}; give WordNet's folder as evaluate.wordnet "
                "(Debian: apt-get install wordnet-base, /usr/share/wordnet), or null for the own "
                "lexicon"
            )
        self.name = "WordNet"
        self._senses = {part: _read_index(folder, part) for part in PARTS_OF_SPEECH}
        self._bases = {part: _read_exceptions(folder, part) for part in PARTS_OF_SPEECH}
        # prepositions are not in WordNet
        self._relations = LexiconSynonyms()

    def senses(self, word: str) -> frozenset[str]:
        """Synsets of the word and of its base form, of any part of speech."""
        form = word.replace(" ", "_")
        found = set(self._relations.senses(word))
        for part, senses in self._senses.items():
            for base in (form, self._bases[part].get(form, form)):
                found.update(f"{part}.{offset}" for offset in senses.get(base, ()))
        return frozenset(found)


def load_synonyms(wordnet: str | None) -> Synonyms:
    """WordNet of a folder, or the own lexicon where none is named."""
    return WordNetSynonyms(Path(wordnet)) if wordnet else LexiconSynonyms()


@cache
def _own_lexicon() -> dict[str, frozenset[str]]:
    groups = json.loads((files(__package__) / "synonyms.json").read_text("utf-8"))
    senses: dict[str, frozenset[str]] = {}
    for kind, sets in groups.items():
        for number, words in enumerate(sets):
            for word in words:
                senses[word] = senses.get(word, frozenset()) | {f"{kind}.{number}"}
    return senses


def _read_index(folder: Path, part: str) -> dict[str, tuple[str, ...]]:
    """Synset offsets of each lemma: the last ``synset_cnt`` fields of its line."""
    senses = {}
    for fields in _lines(folder / f"index.{part}"):
        senses[fields[0]] = tuple(fields[-int(fields[2]) :])
    return senses


def _read_exceptions(folder: Path, part: str) -> dict[str, str]:
    """Irregular form → base form."""
    path = folder / f"{part}.exc"
    return {fields[0]: fields[1] for fields in _lines(path)} if path.is_file() else {}


def _lines(path: Path) -> Iterable[list[str]]:
    with path.open(encoding="utf-8") as stream:
        # the licence above the data is indented
        yield from (line.split() for line in stream if not line.startswith(" "))
