"""Draws inflected words from the vocabulary of everyday scenes."""

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple, TypeVar

import numpy as np

from spatial_dual.parsing.lexicon import load_lexicon, third_person
from spatial_dual.parsing.treebank.trees import Tree

T = TypeVar("T")
_THINGS = (
    *("people", "animals", "furniture", "electronics", "vehicles", "outdoors", "clothing"),
    *("parts", "food", "objects"),
)


class Verb(NamedTuple):
    """Forms of a verb, and prepositions that go with it."""

    base: str
    present: str
    gerund: str
    past: str
    participle: str
    prepositions: tuple[str, ...] = ()


class Words:
    """Random words; a small share is made up, so that a model learns to use their places.

    Args:
        random: source of all draws.
        invented: share of nouns and adjectives that are in no dictionary.
        rare: share of nouns and verbs of ``load_rare_words``.
    """

    def __init__(self, random: np.random.Generator, invented: float, rare: float = 0.0) -> None:
        self._random = random
        self._invented = invented
        self._rare = rare

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return bool(self._random.random() < probability)

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all equally likely."""
        return choices[int(self._random.random() * len(choices))]

    def word(self, kind: str) -> str:
        """A word of one kind of the vocabulary."""
        return self.pick(load_vocabulary()[kind])

    def noun(self, plural: bool, kinds: Sequence[str] = _THINGS) -> Tree:
        """A noun in the singular or plural; mass nouns and pluralia tantum keep their number."""
        vocabulary = load_vocabulary()
        lemma = self._made_up() if self.chance(self._invented) else self._name(self.pick(kinds))
        plural = (plural and lemma not in vocabulary["mass"]) or lemma in vocabulary["pluralia"]
        if not plural:
            return Tree(lemma, lemma, "NOUN", "NN")
        form = lemma if lemma in vocabulary["pluralia"] else plural_form(lemma)
        return Tree(form, lemma, "NOUN", "NNS")

    def adjective(self) -> Tree:
        """An attribute before the noun: colours are the most usual, participles the least."""
        if self.chance(0.1):
            verb = self.verb(self.pick(("rest", "passive")))
            form, tag = (verb.gerund, "VBG") if self.chance(0.5) else (verb.participle, "VBN")
            return Tree(form, verb.base, "VERB", tag)
        form = self._made_up() if self.chance(self._invented) else self.word(self._quality())
        return Tree(form, form, "ADJ", "JJ")

    def verb(self, kind: str) -> Verb:
        """A verb of the kind "rest", "transitive", "prepositional" or "passive"."""
        rare = load_rare_verbs()
        known = kind not in rare or not self.chance(self._rare)
        return self.pick(load_verbs()[kind] if known else rare[kind])

    def _name(self, kind: str) -> str:
        if not self.chance(self._rare):
            return self.word(kind)
        rare = load_rare_words()
        return self.pick(rare.get(kind, rare["things"]))

    def _quality(self) -> str:
        return "colour" if self.chance(0.45) else "adjective"

    def _made_up(self) -> str:
        middle = self.word("onset") + self.word("rime")
        return middle + self.word("ending") if self.chance(0.5) else middle


@cache
def load_vocabulary() -> dict[str, tuple[str, ...]]:
    """Words by kind."""
    text = resources.files(__package__).joinpath("vocabulary.json").read_text("utf-8")
    return {kind: tuple(words.split()) for kind, words in json.loads(text).items()}


@cache
def load_rare_words() -> dict[str, tuple[str, ...]]:
    """Nouns and verbs that captions seldom have, from WordNet 3.0 (see its notice beside this)."""
    text = resources.files(__package__).joinpath("rare_words.json").read_text("utf-8")
    return {kind: tuple(words.split()) for kind, words in json.loads(text).items()}


@cache
def rare_nouns() -> frozenset[str]:
    """Nouns of ``load_rare_words``."""
    return frozenset(w for kind in ("people", "animals", "things") for w in load_rare_words()[kind])


@cache
def load_rare_verbs() -> dict[str, tuple[Verb, ...]]:
    """Verbs of ``load_rare_words``: "rest" and "transitive"."""
    return {kind: tuple(map(_verb, load_rare_words()[kind])) for kind in ("rest", "transitive")}


@cache
def known_nouns() -> frozenset[str]:
    """Singular names of things."""
    return frozenset(word for kind in _THINGS for word in load_vocabulary()[kind])


@cache
def load_verbs() -> dict[str, tuple[Verb, ...]]:
    """Verbs by kind."""
    kinds = ("rest", "transitive", "prepositional", "passive")
    return {kind: tuple(map(_verb, load_vocabulary()[kind])) for kind in kinds}


@cache
def rare_base_forms() -> dict[str, str]:
    """Base of the base and the present form of each rare verb."""
    verbs = [verb for kind in load_rare_verbs().values() for verb in kind]
    return {form: verb.base for verb in verbs for form in (verb.base, verb.present)}


@cache
def base_forms() -> dict[str, str]:
    """Base form of every inflected form of the known verbs."""
    return {
        form: verb.base
        for kind in ("passive", "prepositional", "rest", "transitive")
        for verb in load_verbs()[kind]
        for form in (verb.present, verb.gerund, verb.past, verb.participle)
    }


def plural_form(noun: str) -> str:
    """Regular or irregular plural: "box" -> "boxes", "man" -> "men"."""
    irregular = {singular: plural for plural, singular in load_lexicon().plurals.items()}
    if noun in irregular:
        return irregular[noun]
    if noun.endswith("man") and noun != "human":
        return noun[:-3] + "men"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x", "z")) else "s")


def _verb(entry: str) -> Verb:
    """Read "base", or all five forms joined by "|", then "@" and prepositions."""
    written, _, prepositions = entry.partition("@")
    forms = written.split("|")
    if len(forms) == 1:
        base = written
        stem = base[:-1] if base.endswith("e") and not base.endswith("ee") else base
        past = base[:-1] + "ied" if base.endswith("y") and base[-2] not in "aeiou" else stem + "ed"
        forms = [base, third_person(base), stem + "ing", past, past]
    base, present, gerund, past, participle = forms
    usual = tuple(filter(None, prepositions.split(",")))
    return Verb(base, present, gerund, past, participle, usual)
