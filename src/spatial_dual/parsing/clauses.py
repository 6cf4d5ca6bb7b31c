"""Noun phrases and the words between them → objects and relations of one caption.

A reader goes from left to right and remembers the subject of the clause, the noun phrase just
read, and which of them the next preposition belongs to.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from spatial_dual.parsing.lexicon import load_lexicon, third_person
from spatial_dual.parsing.mentions import GraphBuilder
from spatial_dual.parsing.phrases import Element, NounPhrase
from spatial_dual.parsing.tagger import Token
from spatial_dual.scene.graph import GEOMETRIC_PREDICATES

_FRONTED = re.compile(r"PNJ*(?:[PC]NJ*)*K?[XBF]|PNJ*KN")
_OWN_CLAUSE = re.compile(r"NJ*(?:[BPVEFRX]|(?:[CK]+NJ*)+[BF])")
_IMPLIED = " its"  # "to the left of its": the object is the subject of the clause


class _Link(NamedTuple):
    """A predicate with its subjects; no subjects means that they come later (fronted)."""

    subjects: tuple[int, ...]
    predicate: str
    passive: bool = False


class ClauseReader:
    """Reads the elements of one caption into a ``GraphBuilder``."""

    def __init__(self, builder: GraphBuilder) -> None:
        self._builder = builder
        self._topic: tuple[int, ...] = ()
        self._start_clause()

    def read(self, elements: Sequence[Element]) -> None:
        """Go through all elements; call once."""
        tags = "".join("N" if isinstance(e, NounPhrase) else e.tag for e in elements) + "S"
        before = "S"
        for place, element in enumerate(elements):
            if isinstance(element, NounPhrase):
                self._noun_phrase(element, before, tags[place:])
            elif element.tag == "P":
                self._preposition(element, before, tags[place:])
            elif element.tag in "VEF":
                self._action(element, before, tags[place + 1])
            elif element.tag == "J":
                self._attribute(element.word.replace("_", " "), before)
            else:
                self._other(element)
            before = tags[place]

    def _start_clause(self) -> None:
        self._subject: tuple[int, ...] = ()
        self._nearest: tuple[int, ...] = ()
        self._anchor: tuple[int, ...] = ()
        self._described: tuple[int, ...] = ()
        self._relative: tuple[int, ...] = ()
        self._pending: _Link | None = None
        self._last: _Link | None = None
        self._fronted: list[tuple[str, tuple[int, ...]]] = []
        self._verb: Token | None = None

    def _noun_phrase(self, phrase: NounPhrase, before: str, ahead: str) -> None:
        link = self._pending
        if phrase.label == "one" and self._topic:  # "the red one"
            phrase = phrase._replace(label=self._builder.label(self._topic[0]))
        own_clause = _OWN_CLAUSE.match(ahead) is not None
        if link is None and before in "CK" and self._last and not own_clause:
            link = self._last
        if link is None:
            joins = before in "CK" and not (own_clause and (self._fronted or self._last))
            self._new_subject((self._builder.mention(phrase),), joins)
        elif link.predicate == "in" and phrase.label in load_lexicon().places:
            self._builder.place = phrase.label
            self._pending, self._anchor = None, link.subjects
        else:
            self._complete(link, (self._builder.mention(phrase, link.subjects),))
            if link.predicate in ("in", "wears") and phrase.label in load_lexicon().clothing:
                self._nearest = self._anchor = link.subjects

    def _new_subject(self, objects: tuple[int, ...], joins: bool) -> None:
        if not joins and self._subject:
            self._fronted = []
        for predicate, ends in self._fronted:
            self._builder.relate(objects, predicate, ends)
        if joins and self._subject:
            objects = (*self._subject, *objects)
        self._subject = self._nearest = self._anchor = self._topic = objects
        self._last = None

    def _complete(self, link: _Link, objects: tuple[int, ...]) -> None:
        if not link.subjects:
            self._fronted.append((link.predicate, objects))
        elif link.passive:
            self._builder.relate(objects, link.predicate, link.subjects)
        else:
            self._builder.relate(link.subjects, link.predicate, objects)
        self._pending, self._last, self._verb = None, link, None
        self._nearest = self._anchor = objects

    def _preposition(self, token: Token, before: str, ahead: str) -> None:
        clause_starts = before in "SCK" and _FRONTED.match(ahead) is not None
        if clause_starts and self._subject:
            self._start_clause()
        if before in "CK" and self._last and not clause_starts:
            self._anchor = self._last.subjects
        subjects = () if clause_starts else self._anchor
        predicate, passive = self._predicate(token.value, subjects)
        self._pending = _Link(subjects, predicate, passive)
        if predicate.endswith(_IMPLIED):
            self._complete(
                _Link(subjects, predicate.removesuffix(_IMPLIED)), self._antecedent(subjects)
            )

    def _predicate(self, preposition: str, subjects: tuple[int, ...]) -> tuple[str, bool]:
        verb, self._verb = self._verb, None
        resting = verb is None or verb.value in load_lexicon().resting
        if preposition == "by":
            if verb is not None and verb.tag == "E" and not resting:
                return third_person(verb.value), True
            return "next to", False
        if preposition == "of":
            is_part = all(
                self._builder.label(number) in load_lexicon().parts for number in subjects
            )
            return "part of" if is_part else "of", False
        if verb is None or resting or preposition in GEOMETRIC_PREDICATES:
            return preposition, False
        form = verb.word if verb.tag == "E" else third_person(verb.value)
        return f"{form} {preposition}", False

    def _action(self, token: Token, before: str, following: str) -> None:
        if before == "R":
            subjects, self._relative = self._relative, ()
        elif before in "CK" and self._last:
            subjects = self._last.subjects
        elif before == "B" or not self._nearest:
            subjects = self._anchor
        elif token.tag == "F" or token.value not in load_lexicon().resting:
            subjects = self._subject
        else:
            subjects = self._nearest
        self._anchor = subjects
        self._verb = token
        if token.word in load_lexicon().attribute_rank:
            self._builder.describe(subjects, [token.word])
        if following in "NO" and subjects:
            self._pending = _Link(subjects, third_person(token.value))

    def _attribute(self, word: str, before: str) -> None:
        if self._pending is not None:
            if self._pending.predicate == "in":  # "a man in black"
                self._builder.describe(self._pending.subjects, [word])
            self._anchor = self._nearest = self._pending.subjects
            self._pending = None
            return
        if before == "B":
            self._described = self._anchor
        elif before == "N":
            self._described = self._nearest[-1:]
        self._builder.describe(self._described, [word])

    def _other(self, token: Token) -> None:
        if token.tag == "B":
            self._anchor = self._relative or self._subject
            self._relative = ()
        elif token.tag == "R":
            self._relative = self._nearest
        elif token.tag == "O":
            self._pronoun(token.word)
        elif token.tag == "S" or (token.tag == "X" and not self._fronted):
            self._start_clause()

    def _pronoun(self, word: str) -> None:
        link, self._pending = self._pending, None
        if word == "each_other":
            if link:
                self._builder.relate(link.subjects[:1], link.predicate, link.subjects[1:])
            return
        found = self._antecedent(link.subjects if link else ())
        if link and found:
            self._complete(link, found)
        elif found:
            self._new_subject(found, joins=False)

    def _antecedent(self, apart_from: tuple[int, ...]) -> tuple[int, ...]:
        """Objects that "it" means: the clause's subject, or else that of the clause before."""
        for objects in (self._subject, self._topic):
            if objects and not set(objects) & set(apart_from):
                return objects
        return ()
