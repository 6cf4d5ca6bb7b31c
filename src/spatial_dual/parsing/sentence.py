"""A parsed sentence as a tree that rules can walk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from spatial_dual.parsing.lexicon import load_lexicon, singular
from spatial_dual.parsing.tokens import COMPOUND, Token

_FINITE = frozenset(["VB", "VBP", "VBZ"])
_KEPT_SUBTYPES = frozenset(["compound:prt", "nmod:poss"])


@dataclass(eq=False)
class Word:
    """A word in its tree.

    Attributes:
        place: position in the sentence, from 0.
        text: as the model read it, lower case.
        lemma: dictionary form; compounds that were one token have all their words.
        upos: universal part of speech.
        xpos: Penn Treebank tag; may be empty.
        relation: to the head, without subtype.
        predicate: what a preposition means; "" for other words.
        quality: attribute written behind the word; "" for most.
        head: None for the root.
        children: dependents from left to right.
    """

    place: int
    text: str
    lemma: str
    upos: str
    xpos: str
    relation: str
    predicate: str = ""
    quality: str = ""
    head: "Word | None" = None
    children: list["Word"] = field(default_factory=list)

    def dependents(self, *relations: str) -> list["Word"]:
        """Children with one of the relations."""
        return [child for child in self.children if child.relation in relations]

    def child(self, *relations: str) -> "Word | None":
        """First child with one of the relations."""
        return next(iter(self.dependents(*relations)), None)

    def ancestors(self) -> Iterator["Word"]:
        """Head, head's head, and so on."""
        head = self.head
        while head is not None:
            yield head
            head = head.head

    @property
    def noun(self) -> str:
        """Singular of the word as the name of a thing."""
        return self.lemma if " " in self.lemma else singular(self.text)

    @property
    def is_verb(self) -> bool:
        """Whether it names an action or a state."""
        return self.upos in ("VERB", "AUX") and not self.is_misread_noun

    @property
    def is_misread_noun(self) -> bool:
        """Whether a noun without an article was tagged as a verb: "crowd behind fence"."""
        if self.upos != "VERB" or self.xpos not in _FINITE:
            return False
        own = {child.relation for child in self.children}
        if own & {"nsubj", "aux", "mark", "cop", "expl", "compound:prt"}:
            return self.child("det", "amod") is not None and "nsubj" not in own
        return self.relation in ("root", "nsubj", "obj", "obl", "nmod")

    @property
    def is_nominal(self) -> bool:
        """Whether it heads a phrase that names a thing."""
        if self.text == "other":
            return False
        if load_lexicon().tags.get(self.text) == "A" and self.child("det", "amod") is None:
            return False
        if self.upos in ("NOUN", "PROPN"):
            return self.relation not in ("compound", "flat", "goeswith") or self.head is None
        if self.is_misread_noun:
            return True
        named = self.child("det", "case") is not None
        if self.upos in ("ADJ", "NUM"):
            return named and self.relation in ("nsubj", "obj", "obl", "nmod", "root", "conj")
        return self.upos == "VERB" and named and not self.child("aux", "nsubj", "obj", "mark")


def build_sentence(words: Sequence[Any], tokens: Sequence[Token]) -> list[Word]:
    """Words of a Stanza sentence that was parsed from these tokens."""
    built = [
        Word(
            place=place,
            text=token.text,
            lemma=_lemma(word, token),
            upos=_part_of_speech(word),
            xpos=word.xpos or "",
            relation=_relation(word.deprel or "dep"),
            predicate="" if token.text == COMPOUND else token.meaning,
            quality=token.quality,
        )
        for place, (word, token) in enumerate(zip(words, tokens, strict=True))
    ]
    for word, parsed in zip(built, words, strict=True):
        if parsed.head:
            word.head = built[parsed.head - 1]
            word.head.children.append(word)
    for word in built:
        if _is_verbal_noun(word):
            word.upos, word.xpos = "NOUN", "NN"
    for word, following in pairwise(built):
        if _is_cut_compound(word, following):
            _make_compound(word, following)
    return built


def _is_verbal_noun(word: Word) -> bool:
    """Whether "building" or "seasoning" is a thing here."""
    named = word.child("det", "amod", "case", "expl") is not None
    return (
        word.upos == "VERB"
        and (named or word.text in load_lexicon().ing_nouns)
        and word.text.endswith("ing")
        and word.child("obj", "nsubj", "mark") is None
    )


def _is_cut_compound(word: Word, following: Word) -> bool:
    """Whether two adjacent nouns are one thing though the tree holds them apart."""
    return (
        word.upos == "NOUN"
        and following.upos == "NOUN"
        and word.relation not in ("compound", "flat", "nmod:poss", "amod")
        and following.head is not word.head
        and all(child.place < word.place for child in word.children if child is not following)
        and all(child.place > following.place for child in following.children if child is not word)
    )


def _make_compound(word: Word, following: Word) -> None:
    """Let the second noun take the place of the first in the tree."""
    for head in filter(None, (word.head, following.head)):
        head.children = [child for child in head.children if child not in (word, following)]
    if word.head is not None and word.head is not following:
        following.head, following.relation = word.head, word.relation
    elif word.head is None:
        following.head, following.relation = None, "root"
    if following.head is not None:
        following.head.children.append(following)
        following.head.children.sort(key=lambda child: child.place)
    for child in word.children:
        child.head = following
    following.children = [*word.children, word, *following.children]
    word.head, word.relation, word.children = following, "compound", []


def _relation(name: str) -> str:
    return name if name in _KEPT_SUBTYPES else name.split(":")[0]


def _part_of_speech(word: Any) -> str:
    """The two tagsets err apart: what looks like a verb to one alone is a noun in a caption."""
    if word.upos == "VERB" and (word.xpos or "").startswith("NN"):
        return "NOUN"
    return word.upos or "X"


def _lemma(word: Any, token: Token) -> str:
    if token.meaning and token.text == COMPOUND:
        return singular(token.meaning)
    return (word.lemma or token.text).lower()
