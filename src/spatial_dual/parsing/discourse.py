"""Which objects the words of a text mean: new ones, known ones, and whom pronouns stand for."""

from collections.abc import Iterator, Sequence

from spatial_dual.parsing.lexicon import load_lexicon
from spatial_dual.parsing.mentions import GraphBuilder
from spatial_dual.parsing.noun_phrases import content, is_measure, noun_phrase
from spatial_dual.parsing.tokens import LISTED, NO, OR
from spatial_dual.parsing.treebank.words import load_vocabulary
from spatial_dual.parsing.word import BE, Word

_CLAUSE_EDGES = frozenset(["conj", "parataxis", "advcl", "ccomp", "root"])
_RELATIVE = frozenset(["that", "which", "who", "whom"])
_HUMAN = frozenset(["he", "she", "him", "her", "himself", "herself"])
_SHE = frozenset(["she", "her", "herself"])
_NOT_HUMAN = frozenset(["it", "itself"])
_OPENERS = frozenset([",", "and", "while"])


class Discourse:
    """What a text has named so far, sentence by sentence.

    Attributes:
        builder: of the graph.
        words: of the sentence that is read.
        numbers: object of each noun of the sentence.
    """

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder
        self.words: Sequence[Word] = ()
        self.numbers: dict[Word, int] = {}
        self._topic: tuple[int, ...] = ()
        self._previous: tuple[int, ...] = ()

    def begin(self, words: Sequence[Word]) -> None:
        """Turn to the next sentence."""
        self.words, self.numbers = words, {}

    def end(self) -> None:
        """Note what the sentence was about, for the pronouns of the next."""
        named = tuple(self.numbers.values())
        self._topic = self._about() or named or self._topic
        self._previous = (*named, *self._previous)

    def mention(self, word: Word) -> None:
        """Give a noun its object, and the text its place."""
        if not word.is_nominal or is_measure(word):
            return
        case = word.child("case")
        phrase = noun_phrase(word)
        if case is not None and case.text == "in" and phrase.label in load_lexicon().places:
            self.builder.place = phrase.label
            if case.place == 0:  # "in a bedroom, a cat is on a bed" says where all of it is
                return
        placed = [w for w in self.numbers if case and w.child("case")]  # "not on the red one"
        others = placed or list(self.numbers)
        named = (*(self.numbers[w] for w in others), *self._topic)
        if word.lemma == "one" and named:  # "the red one"
            phrase = phrase._replace(label=self.builder.label(named[0]))
        apart = [self.numbers[other] for other in self._clause_mates(word) if other in self.numbers]
        self.numbers[word] = self.builder.mention(phrase, apart)
        if any(child.mark == NO for child in word.children):
            self.builder.deny([self.numbers[word]])

    def _clause_mates(self, word: Word) -> Iterator[Word]:
        """Things that a word cannot be: its subject, its heads and theirs within the clause."""
        yield from word.dependents("nsubj")
        current = word
        while current.head is not None and current.relation not in _CLAUSE_EDGES:
            current = current.head
            yield current
            yield from current.dependents("nsubj")

    def _about(self) -> tuple[int, ...]:
        """What the sentence is about: its subjects, or the place before a colon."""
        listed = any(word.mark == LISTED for word in self.words)
        chosen = [w for w in self.words if w in self.numbers][:1] if listed else self.words
        return tuple(
            number
            for word in chosen
            if listed or word.relation in ("nsubj", "root")
            for number in (self.objects(word) if not listed else [self.numbers[word]])
        )

    def objects(
        self, word: Word, apart_from: tuple[int, ...] = (), until: Word | None = None
    ) -> tuple[int, ...]:
        """Objects that a nominal or pronoun and its conjuncts mean.

        Args:
            word: the first.
            apart_from: whom a pronoun cannot mean.
            until: conjuncts behind this word are left out: a place is no place of what follows it.
        """
        meant = content(word)
        if meant.upos == "PRON":
            return self._antecedent(meant, apart_from)
        if meant not in self.numbers:
            return ()
        found = [self.numbers[meant]]
        for other in (*word.dependents("conj"), *meant.dependents("conj")):
            joined = other.child("case", "nsubj", "cop") is None
            joined = joined and (until is None or other.place < until.place)
            if joined and content(other) in self.numbers:
                found.append(self.numbers[content(other)])
        return tuple(dict.fromkeys(found))

    def _antecedent(self, pronoun: Word, apart_from: tuple[int, ...]) -> tuple[int, ...]:
        """Whom a pronoun means: the clause before a relative, else subjects, the latest topic."""
        if pronoun.text in _RELATIVE:
            return self.before(pronoun, reach=1) or self._relative_head(pronoun)
        before = [word for word in self.words[: pronoun.place] if word in self.numbers]
        subjects = [word for word in before if word.relation in ("nsubj", "root")]
        candidates: list[tuple[int, ...]] = [(self.numbers[word],) for word in (*subjects, *before)]
        case = pronoun.child("case")
        opens = case is not None and self.opens_clause(case)
        if (pronoun.relation == "nsubj" or opens) and self._topic:
            candidates.insert(0, self._topic)
        else:
            candidates.append(self._topic)
        candidates += [(number,) for number in self._previous]
        there = [tuple(n for n in c if not self.builder.is_absent(n)) for c in candidates]
        fitting = [c for c in there if c and not set(c) & set(apart_from)]
        ones = {self._label(word) for word in before if word.lemma == "one"}
        if ones:  # "the blue one behind it"
            fitting = [c for c in fitting if self.builder.label(c[0]) not in ones]
        usual = (c for c in fitting if self._suits(pronoun.text, c))
        return next(usual, next(iter(fitting), ()))

    def _label(self, word: Word) -> str:
        return self.builder.label(self.numbers[word])

    def _suits(self, pronoun: str, objects: tuple[int, ...]) -> bool:
        """Whether "he" and "she" mean people, and "it" does not."""
        heads = {self.builder.label(number).rpartition(" ")[2] for number in objects}
        vocabulary = load_vocabulary()
        if pronoun in _NOT_HUMAN:
            return heads.isdisjoint(vocabulary["people"])
        if pronoun in _HUMAN:
            others = vocabulary["male" if pronoun in _SHE else "female"]
            return not heads.isdisjoint(vocabulary["people"]) and heads.isdisjoint(others)
        return True

    def _relative_head(self, pronoun: Word) -> tuple[int, ...]:
        clause = next((w for w in pronoun.ancestors() if w.relation == "acl"), None)
        return self.objects(clause.head) if clause is not None and clause.head else ()

    def before(self, word: Word, reach: int | None = None) -> tuple[int, ...]:
        """Nearest object to the left, at most ``reach`` words away."""
        first = 0 if reach is None else max(word.place - reach, 0)
        named = [
            other
            for other in self.words[first : word.place]
            if other in self.numbers and not (_is_of(other) and other.head in self.numbers)
        ]
        return (self.numbers[named[-1]],) if named else ()

    def after(self, word: Word) -> tuple[int, ...]:
        """Object named next after a word."""
        following = self.next_nominal(word)
        return () if following is None else self.objects(following)

    def next_nominal(self, word: Word) -> Word | None:
        """Noun that follows a word, before another relation; "or in the pot" names the pot."""
        behind = self.words[word.place + 1 :]
        for other in (
            behind[1:] if word.mark == OR and behind[:1] and behind[0].predicate else behind
        ):
            if other in self.numbers:
                return other
            if other.predicate or other.text in BE:
                return None
        return None

    def opens_clause(self, word: Word) -> bool:
        """Whether a preposition stands at the beginning of a clause."""
        return word.place == 0 or self.words[word.place - 1].text in _OPENERS


def is_known(word: Word) -> bool:
    """Whether a noun speaks of a thing as one that there is: "the dog", "his dog", "it"."""
    return word.upos == "PRON" or noun_phrase(word).definite


def _is_of(word: Word) -> bool:
    """Whether a noun only says what another is of: the flowers of "a vase of flowers"."""
    case = word.child("case")
    return case is not None and case.text == "of"
