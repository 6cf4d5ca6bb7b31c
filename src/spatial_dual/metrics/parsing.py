"""How well parsed captions agree with gold triplets: recall, precision, F1, classes of error.

Triplets agree by predicate and by the head words of both ends, in order. What else may count as
the same is said by ``Matching`` here and never by the parser.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.synonyms import Synonyms
from spatial_dual.parsing.lexicon import singular
from spatial_dual.parsing.tokens import tokenise
from spatial_dual.scene.graph import INVERSE_PREDICATE, SceneGraph, Triplet
from spatial_dual.scene.text import clean_caption

Fact = tuple[str, ...]


@dataclass(frozen=True)
class Matching:
    """What counts as the same triplet.

    Attributes:
        inverses: "a behind b" is "b in front of a", and so on for all converse predicates.
        synonyms: when head words stand for each other; None where they never do.
    """

    inverses: bool = False
    synonyms: Synonyms | None = None

    def agree(self, found: Triplet, gold: Triplet) -> bool:
        """Whether two triplets of head words state the same."""
        if self._same(found, gold):
            return True
        turned = INVERSE_PREDICATE.get(gold[1])
        return (
            self.inverses and turned is not None and self._same(found, (gold[2], turned, gold[0]))
        )

    def _same(self, found: Triplet, gold: Triplet) -> bool:
        ends = self._alike(found[0], gold[0]) and self._alike(found[2], gold[2])
        return found[1] == gold[1] and ends

    def _alike(self, one: str, other: str) -> bool:
        if one == other or self.synonyms is None:
            return one == other
        return not self.synonyms.senses(one).isdisjoint(self.synonyms.senses(other))


STRICT = Matching()


def head_word(phrase: str) -> str:
    """Singular head of a noun phrase: "bottles of sauce" -> "bottle", "men standing" -> "man".

    A participle at the end modifies the noun before it. "" for a phrase without words.
    """
    words = phrase.lower().split(" of ")[0].split() or [""]
    if len(words) > 1 and words[-1].endswith("ing"):
        words = words[:-1]
    return singular(words[-1])


def head_triplets(graph: SceneGraph) -> list[Triplet]:
    """Triplets of a graph with labels cut to their head words."""
    return [(s.split()[-1], p, o.split()[-1]) for s, p, o in graph.triplets()]


def caption_recall(
    found: Iterable[SceneGraph], gold: Iterable[Collection[Triplet]], matching: Matching = STRICT
) -> Share:
    """Captions whose graph holds at least one of the gold triplets of its picture."""
    hits = [
        any(matching.agree(f, g) for f in head_triplets(graph) for g in triplets)
        for graph, triplets in zip(found, gold, strict=True)
    ]
    return Share(sum(hits), len(hits))


def facts(graph: SceneGraph) -> Counter[Fact]:
    """(label, attribute) and (subject, predicate, object) of a graph, as a multiset of tuples.

    An object of which nothing is said counts as (label,), as in FACTUAL.
    """
    counted: Counter[Fact] = Counter(graph.triplets())
    mentioned = {end for r in graph.relations for end in (r.subject, r.object)}
    for number, item in enumerate(graph.objects):
        counted.update((item.label, attribute) for attribute in item.attributes)
        if number not in mentioned and not item.attributes:
            counted[(item.label,)] += 1
    return counted


def invented_words(text: str, graph: SceneGraph) -> set[str]:
    """Words of labels and attributes that the text has in no form, as it was typed or corrected."""
    corrected = (note.partition(" read as ")[2] for note in graph.notes)
    read = [clean_caption(text).lower(), *corrected]
    known = {form for word in _plain_words(" ".join(read)) for form in (word, singular(word))}
    named = {item.label for item in graph.objects}
    named |= {word for item in graph.objects for word in item.attributes}
    return {word for label in named for word in _plain_words(label)} - known


def _plain_words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


@dataclass(frozen=True)
class Agreement:
    """Facts found and right of all found, and of all gold; captions right as a whole."""

    precision: Share
    recall: Share
    set_match: Share

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall: 2·right / (found + gold)."""
        total = self.precision.total + self.recall.total
        return 2 * self.precision.right / total if total else float("nan")


def agreement(found: Sequence[Counter[Fact]], gold: Sequence[Counter[Fact]]) -> Agreement:
    """Tuple precision, recall and F1 over a corpus, and the share of captions without a fault."""
    pairs = list(zip(found, gold, strict=True))
    right = sum((f & g).total() for f, g in pairs)
    return Agreement(
        Share(right, sum(f.total() for f in found)),
        Share(right, sum(g.total() for g in gold)),
        Share(sum(f == g for f, g in pairs), len(pairs)),
    )


def error_class(caption: str, graph: SceneGraph, gold: Collection[Triplet]) -> str:
    """Why a caption misses its gold triplets, from the most to the least excusable.

    "ends not named", "predicate not stated", "inverse stated", "predicate on other ends",
    "relation not read"; "" for a hit.
    """
    found = head_triplets(graph)
    if any(STRICT.agree(f, g) for f in found for g in gold):
        return ""
    tokens = [token for sentence in tokenise(caption) for token in sentence]
    words = {singular(word) for token in tokens for word in token.text.split()}
    stated = {token.meaning for token in tokens}
    named = [g for g in gold if g[0] in words and g[2] in words]
    if not named:
        return "ends not named"
    if any(Matching(inverses=True).agree(f, g) for f in found for g in named):
        return "inverse stated"
    said = [g for g in named if g[1] in stated]
    if not said:
        return "predicate not stated"
    elsewhere = any(f[1] == g[1] for f in found for g in said)
    return "predicate on other ends" if elsewhere else "relation not read"
