"""A word of a parsed sentence, in its tree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from spatial_dual.parsing.lexicon import load_lexicon, singular
from spatial_dual.parsing.treebank.words import load_vocabulary
from spatial_dual.scene.vocabulary import attribute_kind

BE = frozenset(["is", "are", "was", "were"])
_NO_NAMES = frozenset(
    ["other", "each other", "him", "her", "it", "them", "could", "would", "should", "so", "been"]
)
_FINITE = frozenset(["VB", "VBP", "VBZ"])


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
        mark: of its token, see ``tokens.Token``.
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
    mark: str = ""
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

    def attach(self, head: "Word | None", relation: str) -> None:
        """Hang the word, with all below it, on another head; None makes it the root."""
        if self.head is not None:
            self.head.children.remove(self)
        self.head, self.relation = head, relation
        if head is not None:
            head.children.append(self)
            head.children.sort(key=lambda child: child.place)

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
        if self.text in _NO_NAMES:
            return False
        if (
            load_lexicon().tags.get(self.text) == "A"
            and self.child("det", "amod", "nmod:poss") is None
        ):
            return False
        if self.upos in ("NOUN", "PROPN"):
            return self.relation not in ("compound", "flat", "goeswith") or self.head is None
        if self.is_misread_noun:
            return True
        named = self.child("det", "case") is not None
        if self.upos in ("ADJ", "NUM"):
            if self.child("det") is None and attribute_kind(self.text) == "colour":
                return False  # "a woman in red"
            return named and self.relation in ("nsubj", "obj", "obl", "nmod", "root", "conj")
        return self.upos == "VERB" and named and not self.child("aux", "nsubj", "obj", "mark")


def outer_head(inner: Sequence[Word]) -> Word | None:
    """What governs some words of one clause: a head of one of them that hangs below none."""
    for word in inner:
        if word.head is not None and not {word.head, *word.head.ancestors()} & set(inner):
            return word.head
    return None


def is_living(word: Word) -> bool:
    """Whether a noun names a person or an animal."""
    return word.noun.rpartition(" ")[2] in _living()


@cache
def _living() -> frozenset[str]:
    vocabulary = load_vocabulary()
    return frozenset([*vocabulary["people"], *vocabulary["animals"]])
