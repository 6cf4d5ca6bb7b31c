"""Dependency trees → objects, attributes and relations of one caption."""

from collections.abc import Sequence

from spatial_dual.parsing.attachment import AIMING, BESIDE, is_done_there
from spatial_dual.parsing.discourse import Discourse, is_known
from spatial_dual.parsing.lexicon import load_lexicon, third_person
from spatial_dual.parsing.mentions import GraphBuilder
from spatial_dual.parsing.noun_phrases import content, qualities
from spatial_dual.parsing.tokens import ASKED, EACH_OTHER, NOT, OR, WHOSE
from spatial_dual.parsing.word import BE, Word, is_living
from spatial_dual.scene.graph import (
    GEOMETRIC_PREDICATES,
    INVERSE_PREDICATE,
    SPATIAL_PREDICATES,
)
from spatial_dual.scene.vocabulary import attribute_kind

_BEFORE_NOUN = frozenset(["DET", "ADJ", "NUM", "NOUN", "PRON", "SCONJ"])
_PARTICLES = frozenset(["on", "off", "in", "out", "up", "down", "over"])
_OF_MOTION = frozenset(["from", "for", "through"])
"""Say little without their verb: "hangs from", "waits for"."""
_STAYS_BY = frozenset(["park", "seat", "place", "set", "locate", "position", "situate", "dock"])
_SUPPORTS = frozenset(["on", "in", "next to", "by", "at", "against", "under"])
"""Where a thing is at a place, it is where the place is: "a can by the road in front of a bar"."""
OPPOSITE = {a: b for a, b in INVERSE_PREDICATE.items() if a != b}
"""Of each predicate of a direction, that of the other way."""
IMPLIED = {
    "rides": ("on", False),
    "wears": ("in", False),
    "contains": ("in", True),
    "supports": ("on", True),
    "covers": ("on", False),
    "tops": ("on", False),
    "follows": ("behind", False),
    "chases": ("behind", False),
    "adjoins": ("next to", False),
}
"""Verb -> the spatial relation that goes without saying; True if it runs from object to subject."""


class SentenceReader:
    """Reads the sentences of one caption, in order, into a ``GraphBuilder``."""

    def __init__(self, builder: GraphBuilder) -> None:
        self._said = Discourse(builder)
        self._last: tuple[str, tuple[int, ...], tuple[int, ...]] = ("", (), ())

    def read(self, words: Sequence[Word]) -> None:
        """Add what one sentence says."""
        self._said.begin(words)
        self._related: tuple[int, ...] = ()
        asked = words[0].mark == ASKED
        for word in words:
            if not asked or is_known(word) or _is_whose(word):
                self._said.mention(word)
        if asked:
            return
        self._alternatives()
        for word in words:
            if word.upos == "ADP" or word.predicate:
                self._preposition(word)
            elif word.is_verb:
                self._action(word)
            quality = word.upos == "ADJ" and word.text not in _PARTICLES
            if quality and not word.is_nominal and word.child("cop"):
                self._said.builder.describe(self._agents(word), qualities(word))
        self._said.end()

    def _alternatives(self) -> None:
        """Join the things before and after each "or"; "red or blue" joins none."""
        for word in self._said.words:
            if word.mark == OR:
                before = [w for w in self._said.words[: word.place] if w in self._said.numbers]
                after = self._said.next_nominal(word)
                joined = self._said.words[word.place - 1] in before or word.place < 2
                if before and after is not None and joined:
                    self._said.builder.choose(
                        self._said.numbers[before[-1]], self._said.numbers[after]
                    )

    def _preposition(self, word: Word) -> None:
        ground = self._ground(word)
        if ground is None:
            self._stranded(word)
            return
        subjects, verb = self._located(word, ground)
        self._related = subjects
        predicate = word.predicate or word.lemma
        if _is_colour(ground) and ground not in self._said.numbers:
            self._said.builder.describe(subjects, qualities(ground))  # "a woman in red"
            return
        denied = word.mark == NOT or (verb is not None and verb.mark == NOT)
        if ground.text == EACH_OTHER:
            both = self._coordinated(ground.child("nsubj") or ground.head)
            subjects, ends = self._one_and_other(both or subjects)
        else:
            ends = self._contrasted(predicate, ground, subjects) or self._owner(word, ground)
            ends = ends or self._said.objects(ground, apart_from=subjects)
        self._last = predicate, subjects, ends
        if denied:
            self._deny(subjects, self._named(predicate, subjects, verb), ends, ground)
            return
        if predicate == "full of":
            self._said.builder.relate(ends, "in", subjects)
            return
        if predicate == "by" and verb is not None and self._is_done_by(verb):
            self._relate_action(ends, third_person(verb.lemma), subjects)
            return
        predicate = self._named(predicate, subjects, verb)
        self._said.builder.relate(subjects, predicate, ends)
        held = predicate == "in"  # what is in a hand or a mouth is not in the man
        is_part = content(ground).noun in load_lexicon().parts
        if predicate == "on" or (is_part and predicate in SPATIAL_PREDICATES and not held):
            self._said.builder.relate(subjects, predicate, self._wholes(ground, subjects))
        if predicate in SPATIAL_PREDICATES:
            self._said.builder.relate(self._there_too(ground, predicate), predicate, ends)

    def _had(self, preposition: Word) -> tuple[int, ...]:
        """What somebody has, if the preposition says where: "chairs with a table between them"."""
        before = self._said.words[preposition.place - 1] if preposition.place else None
        if before is not None and before.relation == "conj" and before.child("det") is None:
            before = before.head
        case = before.child("case") if before is not None else None
        if before is None or case is None or case.text != "with":
            return ()
        return self._said.objects(before, until=preposition)

    def _owner(self, preposition: Word, ground: Word) -> tuple[int, ...]:
        """Whom "it" means behind what he has: "a table with a cake in the middle of it"."""
        before = self._said.words[preposition.place - 1]
        to_it = ground.text in ("it", "them") and self._had(preposition)
        if not to_it or before.head is None:
            return ()
        owned = before.head if before.relation == "conj" else before
        return self._said.objects(owned.head, until=owned) if owned.head else ()

    def _contrasted(
        self, predicate: str, ground: Word, subjects: tuple[int, ...]
    ) -> tuple[int, ...]:
        """What "it" is, to the other side of which something was said to be just before."""
        before, others, ends = self._last
        opposite = before in OPPOSITE and OPPOSITE[before] == predicate
        apart = set(subjects).isdisjoint((*others, *ends))
        return ends if opposite and apart and ground.text in ("it", "them") else ()

    def _located(self, word: Word, ground: Word) -> tuple[tuple[int, ...], Word | None]:
        """Who stands in relation to the ground, and by which action."""
        spatial = word.predicate in GEOMETRIC_PREDICATES
        to_it = ground.upos == "PRON" and not self._said.opens_clause(word)
        before = self._said.words[word.place - 1] if word.place else None
        if before is not None and before.relation == "obj" and ground.head is before.head:
            agents = set(self._agents(before.head)) if before.head is not None else set()
            to_it = to_it and not agents.isdisjoint(self._said.objects(ground))
        if to_it and (spatial or self._had(word)):
            return self._had(word) or self._said.before(word), None  # "with a dog beside him"
        before = self._said.words[word.place - 1] if word.place else None
        fronted = ground.head is not None and ground.head.place > ground.place
        fronted = fronted or ground.child("nsubj") is not None
        if before is not None and before.upos == "CCONJ" and self._related and not fronted:
            return self._related, None  # "on a table and under a lamp"
        subjects, verb = self._attached(ground)
        if not subjects and spatial:
            return self._said.before(word) or self._said.after(ground), None
        return subjects, verb

    def _stranded(self, word: Word) -> None:
        """Relate by a preposition without a noun behind it.

        "a bench with snow underneath", "the wall that a man stands in front of".
        """
        named = [other for other in self._said.words[: word.place] if other in self._said.numbers]
        if word.predicate not in GEOMETRIC_PREDICATES or len(named) < 2:
            return
        first, second = named[-2:]
        between = self._said.words[first.place + 1 : second.place]
        moved = any(w.is_verb or w.text in BE for w in self._said.words[second.place : word.place])
        by_with = any(other.text == "with" for other in between)
        relative = all(other.upos in _BEFORE_NOUN for other in between) and moved
        if by_with or relative:
            self._said.builder.relate(
                self._said.objects(second), word.predicate, self._said.objects(first)
            )

    def _wholes(self, ground: Word, apart_from: tuple[int, ...]) -> tuple[int, ...]:
        """What a part belongs to: on "the wall of a house" is on it, under "his feet" under him."""
        meant = content(ground)
        for owner in meant.dependents("nmod:poss", "nmod"):
            case = owner.child("case")
            if owner.relation == "nmod:poss" or (case is not None and case.text == "of"):
                return self._said.objects(owner, apart_from)
        return ()

    def _ground(self, preposition: Word) -> Word | None:
        """The noun or pronoun that a preposition governs; it stands behind it."""
        head = preposition.head
        if preposition.relation == "case" and head is not None and head.place > preposition.place:
            owned = head.relation == "nmod:poss" and head.head is not None
            return head.head if owned else head
        return self._said.next_nominal(preposition)

    def _coordinated(self, word: Word | None) -> tuple[int, ...]:
        """All that is joined by "and" with a word, or that a verb is said of."""
        while word is not None and word.relation == "conj" and word.head is not None:
            word = word.head
        if word is None:
            return ()
        return self._said.objects(word) or self._agents(word)

    def _there_too(self, ground: Word, predicate: str) -> tuple[int, ...]:
        """What is where the thing is that a ground says something of.

        On a surface behind a tub is the rug on it, too; and on a table is the cup next to a plate.
        """
        middle = ground.head
        if ground.relation != "nmod" or ground.child("cc") or middle is None:
            return ()
        case = middle.child("case")
        place = (case.predicate or case.text) if case is not None else ""
        if predicate in ("on", "in"):
            worn = load_lexicon().clothing | load_lexicon().parts
            alike = place in BESIDE and not is_living(middle) and ground.noun not in worn
            return self._attached(middle)[0] if alike else ()
        return self._attached(middle)[0] if place in _SUPPORTS else ()

    def _named(self, predicate: str, subjects: tuple[int, ...], verb: Word | None) -> str:
        lexicon = load_lexicon()
        if predicate == "by":
            return "next to"
        if predicate == "of" and verb is None:
            parts = all(self._said.builder.label(number) in lexicon.parts for number in subjects)
            return "part of" if parts else "of"
        resting = verb is None or verb.lemma == "be" or verb.lemma in lexicon.resting
        if verb is not None and verb.lemma != "be" and predicate in _OF_MOTION:
            resting = False
        done = verb if verb is not None and verb.child("obj") is not None else None
        there = predicate == "at" and done is not None and done.lemma not in AIMING
        if resting or there or verb is None or predicate in GEOMETRIC_PREDICATES:
            return predicate
        form = verb.text if self._is_passive(verb) else third_person(verb.lemma)
        return f"{form} {predicate}"

    def _attached(self, ground: Word) -> tuple[tuple[int, ...], Word | None]:
        """Who is in relation to the ground, and by which action."""
        subject = ground.child("nsubj")
        if subject is not None:
            return self._said.objects(subject), None
        head = ground.head
        if head is None:
            return (), None
        if (ground.relation == "conj" or ground.child("cc")) and not head.is_verb:
            return self._attached(head)
        if ground.relation == "acl":
            return self._said.objects(head), None
        return self._bearers(head, ground)

    def _bearers(self, head: Word, ground: Word) -> tuple[tuple[int, ...], Word | None]:
        if head.is_nominal or head.upos == "PRON":
            return self._said.objects(head, until=ground), None
        if head.is_verb:
            item = head.child("obj")
            placed = item is not None and item.place < ground.place and _is_place(ground)
            if item is not None and placed and _moves(head, item, ground):
                return self._said.objects(item), None
            return self._agents(head), head
        if head.upos == "ADJ":
            return self._agents(head), None
        return self._bearers(head.head, ground) if head.head else ((), None)

    def _agents(self, verb: Word) -> tuple[int, ...]:
        """Who does or undergoes it."""
        subject = verb.child("nsubj")
        if subject is not None:
            return self._said.objects(subject)
        head = verb.head
        if head is None:
            return ()
        if verb.relation in ("acl", "amod") or head.is_nominal:
            return self._said.objects(head)
        if verb.relation in ("conj", "advcl", "xcomp", "parataxis", "ccomp"):
            return self._agents(head)
        return ()

    def _action(self, verb: Word) -> None:
        item = verb.child("obj")
        if item is None or verb.relation == "amod":
            return
        subjects = self._agents(verb)
        ends = self._said.objects(item, apart_from=subjects)
        if item.text == EACH_OTHER:
            subjects, ends = self._one_and_other(subjects)
        if verb.mark == NOT:
            self._deny(subjects, third_person(verb.lemma), ends, item)
        else:
            self._relate_action(subjects, third_person(verb.lemma), ends)

    def _one_and_other(self, both: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Ends of what things do to each other: the first and the rest, or two of a kind."""
        first = both[:1]
        return first, both[1:] or tuple(self._said.builder.twin(number) for number in first)

    def _deny(
        self, subjects: tuple[int, ...], predicate: str, ends: tuple[int, ...], ground: Word
    ) -> None:
        """Add a relation that does not hold; what is first named in it is not there."""
        if not is_known(ground):
            self._said.builder.deny(ends)
        self._said.builder.relate(subjects, predicate, ends, denied=True)

    def _relate_action(
        self, subjects: tuple[int, ...], predicate: str, objects: tuple[int, ...]
    ) -> None:
        self._said.builder.relate(subjects, predicate, objects)
        if predicate == "has":
            parts = load_lexicon().parts
            held = tuple(number for number in objects if self._said.builder.label(number) in parts)
            self._said.builder.relate(held, "on", subjects)
        if predicate in IMPLIED:
            spatial, turned = IMPLIED[predicate]
            ends = (objects, subjects) if turned else (subjects, objects)
            self._said.builder.relate(ends[0], spatial, ends[1])

    def _is_done_by(self, verb: Word) -> bool:
        """Whether "by" names who does it: not of what is parked or seated by something."""
        return self._is_passive(verb) and verb.lemma not in _STAYS_BY

    @staticmethod
    def _is_passive(verb: Word) -> bool:
        return verb.xpos == "VBN" or verb.text.endswith("ed")


def _is_colour(word: Word) -> bool:
    return word.child("det") is None and attribute_kind(word.text) == "colour"


def _is_whose(word: Word) -> bool:
    return any(case.mark == WHOSE for case in word.dependents("case"))


def _is_place(ground: Word) -> bool:
    """Whether the preposition says where, and not whence, whither or how: "cuts with a knife"."""
    case = ground.child("case")
    return case is None or case.predicate in SPATIAL_PREDICATES


def _moves(verb: Word, item: Word, ground: Word) -> bool:
    """Whether a place after "verb item" is the item's: where a cup is held, not a hat worn."""
    lexicon, case = load_lexicon(), ground.child("case")
    own = item.noun in lexicon.clothing or item.noun in lexicon.parts
    return not own and not is_done_there(verb, case.predicate if case else "", ground)
