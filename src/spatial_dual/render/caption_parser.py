"""Read captions of the grammar back: the oracle for "grammatical".

::

    caption  = [ "in a" place "," ] clause { joint clause }
    clause   = "there" be np pred np | pred np [ "there" ] be np | nps [ be ] pp { "and" pp }
    nps      = np [ "and" np ]          pp = pred np
    np       = ( "a" | "an" ) adjectives noun [ facing ] [ "that is" pp ] | "the" adjectives noun
"""

import re

from spatial_dual.render.discourse import Discourse
from spatial_dual.render.lexicon import (
    ADJECTIVES,
    JOINTS,
    NOUNS,
    PLACES,
    POSTMODIFIERS,
    PREDICATE_PHRASES,
    VERBS,
    article,
)
from spatial_dual.scene.graph import SceneGraph

_TOKEN = re.compile(r"[a-z]+|[,;]")
_PHRASES = sorted(
    (
        (tuple(phrase.split()), predicate)
        for predicate, phrases in PREDICATE_PHRASES.items()
        for phrase in phrases
    ),
    key=lambda entry: -len(entry[0]),
)
_SINGULAR = frozenset(singular for singular, _ in VERBS)
_PLURAL = frozenset(plural for _, plural in VERBS)
_JOINTS = [tuple(_TOKEN.findall(joint)) for joint in JOINTS]


def parse(text: str) -> SceneGraph | None:
    """The graph that a caption states, or None if the caption is not in the grammar.

    Objects stand in the order of their first mention, with the attributes stated then; relations
    in the order of statement, source "text". A definite phrase must have exactly one antecedent.
    """
    tokens = _TOKEN.findall(text)
    if re.sub(r"\s", "", text) != "".join(tokens):
        return None
    try:
        return _Reader(tokens).caption()
    except _NotInGrammarError:
        return None


class _NotInGrammarError(Exception):
    pass


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.discourse = Discourse()

    def caption(self) -> SceneGraph:
        self.place()
        self.clause()
        while self.at < len(self.tokens):
            if not any(self.take(*joint) for joint in _JOINTS):
                raise _NotInGrammarError
            self.clause()
        return self.discourse.graph()

    def place(self) -> None:
        for name in PLACES:
            if self.take("in", article(name), *name.split(), ","):
                self.discourse.place = name

    def clause(self) -> None:
        if self.take("there"):
            self.verb(_SINGULAR)
            subjects = [self.noun_phrase()]
            self.prepositional(subjects, spatial_only=True)
        elif (predicate := self.predicate()) is not None:
            self.fronted(predicate)
        else:
            self.plain()

    def fronted(self, predicate: str) -> None:
        ground = self.noun_phrase()
        self.take("there")
        self.verb(_SINGULAR)
        if predicate == "part of":
            raise _NotInGrammarError
        self.state(self.noun_phrase(), predicate, ground)

    def plain(self) -> None:
        subjects = [self.noun_phrase()]
        if self.take("and"):
            subjects.append(self.noun_phrase())
        before = self.at
        self.optional_verb(_SINGULAR if len(subjects) == 1 else _PLURAL)
        copula = self.at > before and self.tokens[before] in VERBS[0]
        self.prepositional(subjects, spatial_only=not copula)
        while self.take("and"):
            self.prepositional(subjects, spatial_only=not copula)

    def prepositional(self, subjects: list[int], spatial_only: bool) -> None:
        predicate = self.predicate()
        if predicate is None or (spatial_only and predicate == "part of"):
            raise _NotInGrammarError
        # Relations count in the order of the words: before those of a clause within the ground.
        ground, inner = self.noun_phrase_and_clause()
        for subject in subjects:
            self.state(subject, predicate, ground)
        if inner:
            self.relative(ground)

    def noun_phrase(self) -> int:
        number, inner = self.noun_phrase_and_clause()
        if inner:
            self.relative(number)
        return number

    def relative(self, subject: int) -> None:
        self.prepositional([subject], spatial_only=False)

    def noun_phrase_and_clause(self) -> tuple[int, bool]:
        determiner = self.next()
        start = self.at
        words = [self.adjective(group) for group in ADJECTIVES]
        attributes = tuple(word for word in words if word)
        label = self.next()
        if label not in NOUNS:
            raise _NotInGrammarError
        if determiner == "the":
            number = self.discourse.refer(label, attributes)
            if number is None:
                raise _NotInGrammarError
            return number, False
        if determiner != article(self.tokens[start]):
            raise _NotInGrammarError
        facing = tuple(word for word in POSTMODIFIERS if self.take(*word.split()))
        number = self.discourse.introduce(label, attributes + facing)
        return number, self.take("that", "is")

    def adjective(self, group: tuple[str, ...]) -> str | None:
        return next((word for word in group if self.take(word)), None)

    def predicate(self) -> str | None:
        return next((name for words, name in _PHRASES if self.take(*words)), None)

    def verb(self, forms: frozenset[str]) -> None:
        if self.next() not in forms:
            raise _NotInGrammarError

    def optional_verb(self, forms: frozenset[str]) -> None:
        if self.at < len(self.tokens) and self.tokens[self.at] in forms:
            self.at += 1

    def state(self, subject: int, predicate: str, ground: int) -> None:
        if not self.discourse.state(subject, predicate, ground):
            raise _NotInGrammarError

    def take(self, *words: str) -> bool:
        if tuple(self.tokens[self.at : self.at + len(words)]) != words:
            return False
        self.at += len(words)
        return True

    def next(self) -> str:
        if self.at == len(self.tokens):
            raise _NotInGrammarError
        self.at += 1
        return self.tokens[self.at - 1]
