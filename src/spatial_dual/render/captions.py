"""Say what a scene graph holds: captions in two styles from one grammar.

"short" states one relation, as VSDv1 does; "detailed" two to four with attributes, as VSDv2.
Forms: bare phrase, clause, existential ("there is …"), fronted ("on a table is …"), coordination
of subjects and of predicates, relative clauses, paraphrased predicates; inverted statements
come from the graph's converse relations. All lower case, no final period.
"""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from spatial_dual.render.caption_parser import parse
from spatial_dual.render.discourse import Discourse
from spatial_dual.render.lexicon import (
    ADJECTIVES,
    JOINTS,
    POSTMODIFIERS,
    PREDICATE_PHRASES,
    VERBS,
    article,
)
from spatial_dual.render.salience import Fact, choose_facts, tellable_facts
from spatial_dual.scene.graph import SceneGraph

__all__ = ["Caption", "Style", "parse", "write_captions"]

Style = Literal["short", "detailed"]
_T = TypeVar("_T")

_MENTION: dict[Style, dict[str, float]] = {
    "short": {"size": 0.15, "pose": 0.1, "colour": 0.65, "material": 0.25},
    "detailed": {"size": 0.35, "pose": 0.25, "colour": 0.9, "material": 0.5},
}
_KIND_OF = {
    word: kind
    for kind, group in zip(("size", "pose", "colour", "material"), ADJECTIVES, strict=True)
    for word in group
} | dict.fromkeys(POSTMODIFIERS, "pose")
_UNREMARKABLE = {"upright": 0.3, "plain": 0.15}
"""What people seldom mention: factor on the chance."""
_USUAL = 0.6
"""Chance of the most usual wording of a predicate."""
_WITH_PLACE = 0.4
_TRIES = 8


@dataclass(frozen=True)
class Caption:
    """A caption and exactly what it states; ``parse(text) == graph``."""

    text: str
    graph: SceneGraph


def write_captions(
    graph: SceneGraph,
    generator: np.random.Generator,
    short: int = 2,
    detailed: int = 2,
    prefer: Collection[Fact] = (),
) -> list[Caption]:
    """Captions of a graph, short ones first.

    Only relations between visible objects are stated.

    Args:
        graph: gold 3DSG.
        generator: source of all choices.
        short, detailed: how many of each style.
        prefer: (subject, predicate, object) that the first caption of each style should state.

    Returns:
        ``short + detailed`` different captions; fewer where the scene gives no more to say.
    """
    facts = tellable_facts(graph)
    written: dict[str, Caption] = {}
    styles: tuple[tuple[Style, int], ...] = (("short", short), ("detailed", detailed))
    for style, count in styles:
        for number in range(count):
            preferred = prefer if number == 0 else ()
            caption = _new_caption(graph, facts, style, generator, preferred, written)
            if caption is not None:
                written[caption.text] = caption
    return list(written.values())


def _new_caption(
    graph: SceneGraph,
    facts: Mapping[Fact, float],
    style: Style,
    generator: np.random.Generator,
    prefer: Collection[Fact],
    known: Container[str],
) -> Caption | None:
    """A caption that is not yet ``known``; None if none was found in a few tries."""
    for _ in range(_TRIES if facts else 0):
        count = 1 if style == "short" else 2 + int(3 * generator.random())
        chosen = choose_facts(facts, count, generator, prefer)
        caption = _Writer(graph, style, generator).caption(chosen)
        if caption is not None and caption.text not in known:
            return caption
    return None


class _Writer:
    def __init__(self, graph: SceneGraph, style: Style, generator: np.random.Generator) -> None:
        self.graph = graph
        self.style: Style = style
        self.random = generator.random
        self.discourse = Discourse()
        self.numbers: dict[int, int] = {}
        self.words: list[str] = []
        self.unclear = False

    def caption(self, facts: Sequence[Fact]) -> Caption | None:
        """None if a second mention could not be made unambiguous."""
        if self.style == "detailed" and self.graph.place and self.random() < _WITH_PLACE:
            self.discourse.place = self.graph.place
            self.say("in", article(self.graph.place), f"{self.graph.place},")
        remaining = list(facts)
        while remaining:
            self.clause(remaining)
            if remaining:
                self.words[-1] += self.pick(JOINTS)
        return None if self.unclear else Caption(" ".join(self.words), self.discourse.graph())

    def clause(self, facts: list[Fact]) -> None:
        """Say the first of ``facts`` and those that join it in one clause; remove them."""
        subject, predicate, ground = facts.pop(0)
        partner = next((f for f in facts if f[1:] == (predicate, ground)), None)
        second = next((f for f in facts if f[0] == subject), None)
        inner = next((f for f in facts if f[0] == ground and self.is_new(ground, subject)), None)
        if partner is not None:
            facts.remove(partner)
            self.coordinated(subject, partner[0], predicate, ground)
        elif second is not None:
            facts.remove(second)
            self.noun_phrase(subject)
            self.say(self.verb(predicate, second[1]))
            self.ground(subject, predicate, ground)
            self.say("and")
            self.ground(subject, *second[1:])
        elif inner is not None and inner[2] != subject:
            facts.remove(inner)
            self.plain(subject, predicate, ground, verb=True)
            self.say("that", "is")
            self.ground(ground, *inner[1:])
        elif predicate == "part of":
            self.plain(subject, predicate, ground, verb=True)
        else:
            self.single(subject, predicate, ground)

    def single(self, subject: int, predicate: str, ground: int) -> None:
        form = self.random()
        if form < 0.2:
            self.say("there", "is")
            self.plain(subject, predicate, ground, verb=False)
        elif form < 0.4:
            self.fronted(subject, predicate, ground)
        else:
            self.plain(subject, predicate, ground, verb=self.style == "detailed" or form < 0.7)

    def fronted(self, subject: int, predicate: str, ground: int) -> None:
        self.say(self.phrase(predicate))
        self.noun_phrase(ground)
        self.say("there is" if self.random() < 0.5 else self.verb(predicate))
        self.noun_phrase(subject)
        self.state(subject, predicate, ground)

    def coordinated(self, first: int, second: int, predicate: str, ground: int) -> None:
        self.noun_phrase(first)
        self.say("and")
        self.noun_phrase(second)
        self.say(self.verb(predicate, plural=True))
        self.say(self.phrase(predicate))
        self.noun_phrase(ground)
        self.state(first, predicate, ground)
        self.state(second, predicate, ground)

    def plain(self, subject: int, predicate: str, ground: int, verb: bool) -> None:
        self.noun_phrase(subject)
        if verb:
            self.say(self.verb(predicate))
        self.ground(subject, predicate, ground)

    def ground(self, subject: int, predicate: str, ground: int) -> None:
        self.say(self.phrase(predicate))
        self.noun_phrase(ground)
        self.state(subject, predicate, ground)

    def noun_phrase(self, index: int) -> None:
        item = self.graph.objects[index]
        if index in self.numbers:
            self.refer_back(index)
            return
        stated = tuple(word for word in item.attributes if self.mentions(word))
        adjectives = [word for group in ADJECTIVES for word in group if word in stated]
        after = [word for word in POSTMODIFIERS if word in stated]
        words = [*adjectives, item.label, *after]
        self.say(article(words[0]), *words)
        self.numbers[index] = self.discourse.introduce(item.label, stated)

    def refer_back(self, index: int) -> None:
        item = self.graph.objects[index]
        known = self.discourse.graph().objects[self.numbers[index]].attributes
        for attributes in ((), *((word,) for word in known if word not in POSTMODIFIERS)):
            if self.discourse.refer(item.label, attributes) is not None:
                self.say("the", *attributes, item.label)
                return
        self.unclear = True
        self.say("the", item.label)

    def mentions(self, word: str) -> bool:
        chance = _MENTION[self.style][_KIND_OF[word]] * _UNREMARKABLE.get(word, 1.0)
        return self.random() < chance

    def verb(self, *predicates: str, plural: bool = False) -> str:
        usual = "part of" in predicates or self.random() < _USUAL
        return (VERBS[0] if usual else self.pick(VERBS))[plural]

    def phrase(self, predicate: str) -> str:
        phrases = PREDICATE_PHRASES[predicate]
        return phrases[0] if self.random() < _USUAL else self.pick(phrases)

    def state(self, subject: int, predicate: str, ground: int) -> None:
        self.discourse.state(self.numbers[subject], predicate, self.numbers[ground])

    def is_new(self, index: int, besides: int) -> bool:
        return index not in self.numbers and index != besides

    def say(self, *words: str) -> None:
        self.words.extend(words)

    def pick(self, choices: Sequence[_T]) -> _T:
        return choices[int(self.random() * len(choices))]
