"""Dependency trees → objects, attributes and relations of one caption."""

from collections.abc import Iterator, Sequence

from spatial_dual.parsing.lexicon import load_lexicon, third_person
from spatial_dual.parsing.mentions import GraphBuilder
from spatial_dual.parsing.noun_phrases import content, is_measure, noun_phrase, qualities
from spatial_dual.parsing.treebank.words import load_vocabulary
from spatial_dual.parsing.word import Word
from spatial_dual.scene.graph import GEOMETRIC_PREDICATES, SPATIAL_PREDICATES
from spatial_dual.scene.vocabulary import attribute_kind

_CLAUSE_EDGES = frozenset(["conj", "parataxis", "advcl", "ccomp", "root"])
_RELATIVE = frozenset(["that", "which", "who", "whom"])
_HUMAN = frozenset(["he", "she", "him", "her", "himself", "herself"])
_NOT_HUMAN = frozenset(["it", "itself"])
_BE = frozenset(["is", "are", "was", "were"])
_BEFORE_NOUN = frozenset(["DET", "ADJ", "NUM", "NOUN", "PRON", "SCONJ"])
_IMPLIED = {
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
        self._builder = builder
        self._topic: tuple[int, ...] = ()

    def read(self, words: Sequence[Word]) -> None:
        """Add what one sentence says."""
        self._words = words
        self._numbers: dict[Word, int] = {}
        self._related: tuple[int, ...] = ()
        for word in words:
            self._mention(word)
        for word in words:
            if word.upos == "ADP" or word.predicate:
                self._preposition(word)
            elif word.is_verb:
                self._action(word)
            if word.upos == "ADJ" and not word.is_nominal and word.child("cop"):
                self._builder.describe(self._agents(word), qualities(word))
        subjects = (
            number
            for word in words
            if word.relation in ("nsubj", "root")
            for number in self._objects(word)
        )
        self._topic = tuple(subjects) or tuple(self._numbers.values()) or self._topic

    def _mention(self, word: Word) -> None:
        if not word.is_nominal or is_measure(word):
            return
        case = word.child("case")
        phrase = noun_phrase(word)
        if case is not None and case.text == "in" and phrase.label in load_lexicon().places:
            self._builder.place = phrase.label
            if case.place == 0:  # "in a bedroom, a cat is on a bed" says where all of it is
                return
        if word.lemma == "one" and self._numbers:  # "the red one"
            phrase = phrase._replace(label=self._builder.label(next(iter(self._numbers.values()))))
        apart = [
            self._numbers[other] for other in self._clause_mates(word) if other in self._numbers
        ]
        self._numbers[word] = self._builder.mention(phrase, apart)

    def _clause_mates(self, word: Word) -> Iterator[Word]:
        """Things that a word cannot be: its subject, its heads and theirs within the clause."""
        yield from word.dependents("nsubj")
        current = word
        while current.head is not None and current.relation not in _CLAUSE_EDGES:
            current = current.head
            yield current
            yield from current.dependents("nsubj")

    def _preposition(self, word: Word) -> None:
        ground = self._ground(word)
        if ground is None:
            self._stranded(word)
            return
        subjects, verb = self._located(word, ground)
        self._related = subjects
        predicate = word.predicate or word.lemma
        if _is_colour(ground) and ground not in self._numbers:
            self._builder.describe(subjects, qualities(ground))  # "a woman in red"
            return
        if ground.text == "other":  # "next to each other"
            both = self._coordinated(ground.head)
            subjects = both[:1]
            ends = both[1:] or tuple(self._builder.twin(number) for number in both)
        else:
            ends = self._objects(ground, apart_from=subjects)
        if predicate == "by" and verb is not None and self._is_passive(verb):
            self._relate_action(ends, third_person(verb.lemma), subjects)
            return
        predicate = self._named(predicate, subjects, verb)
        self._builder.relate(subjects, predicate, ends)
        is_part = content(ground).noun in load_lexicon().parts
        if predicate in ("on", "in") or (is_part and predicate in SPATIAL_PREDICATES):
            self._builder.relate(subjects, predicate, self._wholes(ground, subjects))
        if predicate in SPATIAL_PREDICATES and predicate not in ("on", "in"):
            self._builder.relate(self._resting_on(ground), predicate, ends)

    def _located(self, word: Word, ground: Word) -> tuple[tuple[int, ...], Word | None]:
        """Who stands in relation to the ground, and by which action."""
        spatial = word.predicate in GEOMETRIC_PREDICATES
        if spatial and ground.upos == "PRON":  # "with a dog beside him"
            return self._before(word), None
        before = self._words[word.place - 1] if word.place else None
        fronted = ground.head is not None and ground.head.place > ground.place
        if before is not None and before.upos == "CCONJ" and self._related and not fronted:
            return self._related, None  # "on a table and under a lamp"
        subjects, verb = self._attached(ground)
        if not subjects and spatial:
            return self._before(word), None
        return subjects, verb

    def _stranded(self, word: Word) -> None:
        """Relate by a preposition without a noun behind it.

        "a bench with snow underneath", "the wall that a man stands in front of".
        """
        named = [other for other in self._words[: word.place] if other in self._numbers]
        if word.predicate not in GEOMETRIC_PREDICATES or len(named) < 2:
            return
        first, second = named[-2:]
        between = self._words[first.place + 1 : second.place]
        moved = any(w.is_verb or w.text in _BE for w in self._words[second.place : word.place])
        by_with = any(other.text == "with" for other in between)
        relative = all(other.upos in _BEFORE_NOUN for other in between) and moved
        if by_with or relative:
            self._builder.relate(self._objects(second), word.predicate, self._objects(first))

    def _wholes(self, ground: Word, apart_from: tuple[int, ...]) -> tuple[int, ...]:
        """What a part belongs to: on "the wall of a house" is on it, under "his feet" under him."""
        meant = content(ground)
        for owner in meant.dependents("nmod:poss", "nmod"):
            case = owner.child("case")
            if owner.relation == "nmod:poss" or (case is not None and case.text == "of"):
                return self._objects(owner, apart_from)
        return ()

    def _ground(self, preposition: Word) -> Word | None:
        """The noun or pronoun that a preposition governs; it stands behind it."""
        head = preposition.head
        if preposition.relation == "case" and head is not None and head.place > preposition.place:
            owned = head.relation == "nmod:poss" and head.head is not None
            return head.head if owned else head
        return self._next_nominal(preposition)

    def _coordinated(self, word: Word | None) -> tuple[int, ...]:
        """All that is joined by "and" with a word, or that a verb is said of."""
        while word is not None and word.relation == "conj" and word.head is not None:
            word = word.head
        if word is None:
            return ()
        return self._objects(word) or self._agents(word)

    def _resting_on(self, ground: Word) -> tuple[int, ...]:
        """Things on a surface, that are where the surface is: "a rug on the floor behind a tub"."""
        surface = ground.head
        if ground.relation != "nmod" or ground.child("cc") or surface is None:
            return ()
        case = surface.child("case")
        on_it = case is not None and case.predicate in ("on", "in")
        return self._attached(surface)[0] if on_it else ()

    def _named(self, predicate: str, subjects: tuple[int, ...], verb: Word | None) -> str:
        lexicon = load_lexicon()
        if predicate == "by":
            return "next to"
        if predicate == "of" and verb is None:
            parts = all(self._builder.label(number) in lexicon.parts for number in subjects)
            return "part of" if parts else "of"
        resting = verb is None or verb.lemma == "be" or verb.lemma in lexicon.resting
        if resting or verb is None or predicate in GEOMETRIC_PREDICATES:
            return predicate
        form = verb.text if self._is_passive(verb) else third_person(verb.lemma)
        return f"{form} {predicate}"

    def _attached(self, ground: Word) -> tuple[tuple[int, ...], Word | None]:
        """Who is in relation to the ground, and by which action."""
        subject = ground.child("nsubj")
        if subject is not None:
            return self._objects(subject), None
        head = ground.head
        if head is None:
            return (), None
        if (ground.relation == "conj" or ground.child("cc")) and not head.is_verb:
            return self._attached(head)
        if ground.relation == "acl":
            return self._objects(head), None
        return self._bearers(head, ground)

    def _bearers(self, head: Word, ground: Word) -> tuple[tuple[int, ...], Word | None]:
        if head.is_nominal or head.upos == "PRON":
            return self._objects(head), None
        if head.is_verb:
            item = head.child("obj")
            placed = item is not None and item.place < ground.place and _is_place(ground)
            if item is not None and placed and _moves(head, item):
                return self._objects(item), None
            return self._agents(head), head
        if head.upos == "ADJ":
            return self._agents(head), None
        return self._bearers(head.head, ground) if head.head else ((), None)

    def _agents(self, verb: Word) -> tuple[int, ...]:
        """Who does or undergoes it."""
        subject = verb.child("nsubj")
        if subject is not None:
            return self._objects(subject)
        head = verb.head
        if head is None:
            return ()
        if verb.relation in ("acl", "amod") or head.is_nominal:
            return self._objects(head)
        if verb.relation in ("conj", "advcl", "xcomp", "parataxis", "ccomp"):
            return self._agents(head)
        return ()

    def _action(self, verb: Word) -> None:
        item = verb.child("obj")
        if item is None or verb.relation == "amod":
            return
        self._relate_action(self._agents(verb), third_person(verb.lemma), self._objects(item))

    def _relate_action(
        self, subjects: tuple[int, ...], predicate: str, objects: tuple[int, ...]
    ) -> None:
        self._builder.relate(subjects, predicate, objects)
        if predicate == "has":
            parts = load_lexicon().parts
            held = tuple(number for number in objects if self._builder.label(number) in parts)
            self._builder.relate(held, "on", subjects)
        if predicate in _IMPLIED:
            spatial, turned = _IMPLIED[predicate]
            ends = (objects, subjects) if turned else (subjects, objects)
            self._builder.relate(ends[0], spatial, ends[1])

    def _objects(self, word: Word, apart_from: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Objects that a nominal or pronoun and its conjuncts mean."""
        meant = content(word)
        if meant.upos == "PRON":
            return self._antecedent(meant, apart_from)
        if meant not in self._numbers:
            return ()
        found = [self._numbers[meant]]
        for other in (*word.dependents("conj"), *meant.dependents("conj")):
            joined = other.child("case", "nsubj", "cop") is None
            if joined and content(other) in self._numbers:
                found.append(self._numbers[content(other)])
        return tuple(dict.fromkeys(found))

    def _antecedent(self, pronoun: Word, apart_from: tuple[int, ...]) -> tuple[int, ...]:
        """Whom a pronoun means: the clause before a relative, else subjects, the latest topic."""
        if pronoun.text in _RELATIVE:
            return self._before(pronoun, reach=1) or self._relative_head(pronoun)
        before = [word for word in self._words[: pronoun.place] if word in self._numbers]
        subjects = [word for word in before if word.relation in ("nsubj", "root")]
        candidates: list[tuple[int, ...]] = [
            (self._numbers[word],) for word in (*subjects, *before)
        ]
        if pronoun.relation == "nsubj" and self._topic:
            candidates.insert(0, self._topic)
        else:
            candidates.append(self._topic)
        fitting = [c for c in candidates if c and not set(c) & set(apart_from)]
        usual = (c for c in fitting if self._suits(pronoun.text, c))
        return next(usual, next(iter(fitting), ()))

    def _suits(self, pronoun: str, objects: tuple[int, ...]) -> bool:
        """Whether "he" and "she" mean people, and "it" does not."""
        heads = {self._builder.label(number).rpartition(" ")[2] for number in objects}
        human = bool(heads & set(load_vocabulary()["people"]))
        return human == (pronoun in _HUMAN) if pronoun in _HUMAN | _NOT_HUMAN else True

    def _relative_head(self, pronoun: Word) -> tuple[int, ...]:
        clause = next((w for w in pronoun.ancestors() if w.relation == "acl"), None)
        return self._objects(clause.head) if clause is not None and clause.head else ()

    def _before(self, word: Word, reach: int | None = None) -> tuple[int, ...]:
        """Nearest object to the left, at most ``reach`` words away."""
        first = 0 if reach is None else max(word.place - reach, 0)
        named = [other for other in self._words[first : word.place] if other in self._numbers]
        return (self._numbers[named[-1]],) if named else ()

    def _next_nominal(self, word: Word) -> Word | None:
        for other in self._words[word.place + 1 :]:
            if other in self._numbers:
                return other
            if other.predicate or other.text in _BE:
                return None
        return None

    @staticmethod
    def _is_passive(verb: Word) -> bool:
        return verb.xpos == "VBN" or verb.text.endswith("ed")


def _is_colour(word: Word) -> bool:
    return word.child("det") is None and attribute_kind(word.text) == "colour"


def _is_place(ground: Word) -> bool:
    """Whether the preposition says where, and not whence, whither or how: "cuts with a knife"."""
    case = ground.child("case")
    return case is None or case.predicate in SPATIAL_PREDICATES


def _moves(verb: Word, item: Word) -> bool:
    """Whether a place after "verb item" is the item's: where a cup is held, not a hat worn."""
    lexicon = load_lexicon()
    own = item.noun in lexicon.clothing or item.noun in lexicon.parts
    return not own and verb.lemma not in ("wear", "ride", "play", "brush", "eat", "read", "take")
