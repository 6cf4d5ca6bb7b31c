"""SPICE: F1 of the facts that a caption and its references state (Anderson et al. 2016).

A scene graph is read as tuples: (object), (object, attribute), (subject, predicate, object), and
what a text denies as ("no", object) and ("not", subject, predicate, object). Two
tuples match if they are equally long and each pair of words is equal or synonymous. The references
of a caption count as one graph: tuples of theirs that match are one tuple.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from spatial_dual.metrics.synonyms import Synonyms
from spatial_dual.metrics.undefined import UndefinedMetricError
from spatial_dual.scene.graph import SceneGraph

Fact = tuple[str, ...]


@dataclass(frozen=True)
class FactCounts:
    """Matched facts of a caption's and its references'."""

    matched: int
    stated: int
    reference: int

    @property
    def f1(self) -> float:
        """2PR / (P + R); NaN where the references state nothing."""
        total = self.stated + self.reference
        return 2 * self.matched / total if self.reference else float("nan")


def facts(graph: SceneGraph) -> list[Fact]:
    """Distinct tuples that a graph states, in order; of denials ("no", …) and ("not", …)."""
    found: dict[Fact, None] = {}
    for item in graph.objects:
        if item.negated:
            found[("no", item.label)] = None
            continue
        found[(item.label,)] = None
        found |= dict.fromkeys((item.label, word) for word in item.attributes)
    denied: list[Fact] = [("not", *triplet) for triplet in graph.negated_triplets()]
    return list(found | dict.fromkeys([*graph.triplets(), *denied]))


class Spice:
    """Compares graphs under one notion of synonyms; the senses of words are looked up once."""

    def __init__(self, synonyms: Synonyms) -> None:
        self._synonyms = synonyms
        self._senses: dict[str, frozenset[str]] = {}

    def compare(self, caption: SceneGraph, references: Sequence[SceneGraph]) -> FactCounts:
        """Facts of a caption's graph beside those of the graphs of its references.

        Raises:
            ValueError: no reference.
        """
        if not references:
            raise ValueError("SPICE needs at least one reference a caption")
        stated = self._merged(facts(caption))
        known = self._merged([fact for graph in references for fact in facts(graph)])
        return FactCounts(self._matches(stated, known), len(stated), len(known))

    def score(
        self, captions: Sequence[SceneGraph], references: Sequence[Sequence[SceneGraph]]
    ) -> np.ndarray:
        """F1 of each caption, (captions,); NaN where its references state nothing."""
        pairs = zip(captions, references, strict=True)
        return np.array([self.compare(caption, group).f1 for caption, group in pairs])

    @staticmethod
    def corpus(scores: np.ndarray) -> float:
        """Figure of a corpus in 0..100: the mean of ``scores`` that are defined, times 100.

        Raises:
            UndefinedMetricError: none is.
        """
        defined = scores[~np.isnan(scores)]
        if not len(defined):
            raise UndefinedMetricError("SPICE: no reference states anything")
        return 100 * float(defined.mean())

    def same(self, first: Fact, second: Fact) -> bool:
        """Whether two facts match."""
        pairs = zip(first, second, strict=False)
        return len(first) == len(second) and all(self._same_word(a, b) for a, b in pairs)

    def _merged(self, stated: Sequence[Fact]) -> list[Fact]:
        kept: list[Fact] = []
        seen: set[Fact] = set()
        for fact in stated:
            if fact not in seen and not any(self.same(fact, other) for other in kept):
                kept.append(fact)
            seen.add(fact)
        return kept

    def _matches(self, stated: Sequence[Fact], known: Sequence[Fact]) -> int:
        """Largest number of one-to-one matches; equal facts are matched outright."""
        common = set(stated) & set(known)
        rest = [fact for fact in stated if fact not in common]
        open_facts = [fact for fact in known if fact not in common]
        fits = np.array([[self.same(a, b) for b in open_facts] for a in rest], dtype=bool)
        if not fits.any():
            return len(common)
        partner = maximum_bipartite_matching(csr_array(fits), perm_type="column")
        return len(common) + int((partner >= 0).sum())

    def _same_word(self, first: str, second: str) -> bool:
        return first == second or bool(self._senses_of(first) & self._senses_of(second))

    def _senses_of(self, word: str) -> frozenset[str]:
        if word not in self._senses:
            self._senses[word] = self._synonyms.senses(word)
        return self._senses[word]
