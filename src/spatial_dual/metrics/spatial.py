"""How many spatial triplets two scene graphs share.

TriRec of the paper is |PT ∩ GT| / |GT| over (subject, predicate, object) triplets. Three readings:
``label_counts`` compares labels as multisets (two cups left of a table are two triplets), as for
text; ``fitting_counts`` also asks that the ends fit, e.g. in their attributes; ``object_counts``
compares object by object, after ``match_objects`` or a given correspondence, as for pictures.
Options belong to the matching, never to the graphs.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from spatial_dual.scene.graph import INVERSE_PREDICATE, SceneGraph
from spatial_dual.scene.truth import Fits

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Matching:
    """When two triplets count as the same.

    Attributes:
        inverse_closure: also compare the named converse of each triplet (a behind b is
            b in front of a), on both sides.
        synonyms: word -> canonical word, for labels and predicates.
    """

    inverse_closure: bool = False
    synonyms: Mapping[str, str] = field(default_factory=dict)


STRICT = Matching()


@dataclass(frozen=True)
class TripletCounts:
    """Shared, predicted and reference triplets; add them up over a corpus for micro averages."""

    shared: int = 0
    predicted: int = 0
    reference: int = 0

    def __add__(self, other: Self) -> "TripletCounts":
        """Counts of two corpora together."""
        return TripletCounts(
            self.shared + other.shared,
            self.predicted + other.predicted,
            self.reference + other.reference,
        )

    @property
    def precision(self) -> float:
        """Shared / predicted; NaN where nothing was predicted."""
        return self.shared / self.predicted if self.predicted else float("nan")

    @property
    def recall(self) -> float:
        """Shared / reference (TriRec); NaN where there is no reference."""
        return self.shared / self.reference if self.reference else float("nan")

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where there is no reference."""
        total = self.predicted + self.reference
        return 2 * self.shared / total if self.reference else float("nan")

    def figures(self) -> dict[str, float]:
        """``recall``, ``precision``, ``f1``."""
        return {"recall": self.recall, "precision": self.precision, "f1": self.f1}


def label_counts(
    predicted: SceneGraph, reference: SceneGraph, matching: Matching = STRICT
) -> TripletCounts:
    """Compare (subject label, predicate, object label) as multisets."""
    return _counts(
        _named(predicted, [item.label for item in predicted.objects], matching),
        _named(reference, [item.label for item in reference.objects], matching),
    )


def fitting_counts(predicted: SceneGraph, reference: SceneGraph, fits: Fits) -> TripletCounts:
    """Triplets that correspond one to one: equal predicates, both ends fitting.

    The largest such correspondence counts. With ``same_label`` these are ``label_counts``; with
    ``same_label_and_attributes`` the reference must also bear out every attribute that the
    prediction gives to an end.

    Args:
        predicted: graph to judge.
        reference: graph that is true.
        fits: whether an object of ``predicted`` can be one of ``reference``.
    """
    stated, shown = _ends_by_predicate(predicted), _ends_by_predicate(reference)
    possible = np.array([[fits(a, b) for b in reference.objects] for a in predicted.objects])
    shared = 0
    for predicate in stated.keys() & shown.keys():
        (subjects, objects), (others, targets) = (g[predicate].T for g in (stated, shown))
        pairs = possible[np.ix_(subjects, others)] & possible[np.ix_(objects, targets)]
        rows, columns = linear_sum_assignment(pairs, maximize=True)
        shared += int(pairs[rows, columns].sum())
    return TripletCounts(shared, *(sum(map(len, g.values())) for g in (stated, shown)))


def object_counts(
    predicted: SceneGraph,
    reference: SceneGraph,
    correspondence: Sequence[int] | Indices,
    matching: Matching = STRICT,
) -> TripletCounts:
    """Compare triplets between corresponding objects.

    Args:
        predicted: graph to judge.
        reference: graph that is true.
        correspondence: index of the reference object for each predicted one, -1 for none;
            triplets of unmatched objects count as wrong.
        matching: options.

    Raises:
        ValueError: not one entry per predicted object, or a reference object used twice.
    """
    partner = np.asarray(correspondence, dtype=np.int64)
    used = partner[partner >= 0]
    if len(partner) != len(predicted.objects) or len(set(used.tolist())) != len(used):
        raise ValueError(
            f"correspondence must give each of {len(predicted.objects)} objects its own partner "
            f"or -1, got {partner.tolist()}"
        )
    names: list[Hashable] = [
        target if target >= 0 else ("unmatched", k) for k, target in enumerate(partner.tolist())
    ]
    return _counts(
        _named(predicted, names, matching),
        _named(reference, list(range(len(reference.objects))), matching),
    )


def match_objects(
    predicted: SceneGraph,
    reference: SceneGraph,
    least_iou: float = 0.3,
    synonyms: Mapping[str, str] = STRICT.synonyms,
) -> Indices:
    """Index of the reference object for each predicted one, -1 for none.

    One-to-one, of equal label, with the largest total overlap of regions; pairs below
    ``least_iou`` stay apart. Objects without a region fit any object of their label, but only
    after those with one.
    """
    partner = np.full(len(predicted.objects), -1)
    if not predicted.objects or not reference.objects:
        return partner
    iou = region_iou(_regions(predicted), _regions(reference))
    iou = np.where(np.isnan(iou), least_iou, iou)
    first = [synonyms.get(item.label, item.label) for item in predicted.objects]
    second = [synonyms.get(item.label, item.label) for item in reference.objects]
    fits = (np.array(first)[:, None] == np.array(second)[None, :]) & (iou >= least_iou)
    rows, columns = linear_sum_assignment(np.where(fits, 1 + iou, 0), maximize=True)
    kept = fits[rows, columns]
    partner[rows[kept]] = columns[kept]
    return partner


def region_iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of boxes (n, 4) and (m, 4) as (n, m); NaN where a box is NaN."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=-1)
    area = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1) for boxes in (first, second)]
    union = area[0][:, None] + area[1][None, :] - common
    return np.asarray(common / np.maximum(union, 1e-12))


def visible_part(graph: SceneGraph, least_visibility: float) -> tuple[SceneGraph, list[int]]:
    """The graph of objects at least this visible (unknown counts as visible), and their indices."""
    kept = [
        index
        for index, item in enumerate(graph.objects)
        if item.visibility is None or item.visibility >= least_visibility
    ]
    return subgraph(graph, kept), kept


def visible_counts(
    predicted: SceneGraph,
    reference: SceneGraph,
    correspondence: Sequence[int] | Indices,
    least_visibility: float,
    matching: Matching = STRICT,
) -> TripletCounts:
    """``object_counts`` among the objects that a viewer can judge.

    Reference objects less visible than ``least_visibility`` are left out, and with them the
    predicted objects that correspond to them; predicted objects that correspond to none stay, and
    their triplets are wrong.
    """
    visible, kept = visible_part(reference, least_visibility)
    position = {index: rank for rank, index in enumerate(kept)} | {-1: -1}
    partner = np.asarray(correspondence, dtype=np.int64).tolist()
    judged = [k for k, target in enumerate(partner) if target in position]
    targets = [position[partner[k]] for k in judged]
    return object_counts(subgraph(predicted, judged), visible, targets, matching)


def subgraph(graph: SceneGraph, kept: Sequence[int]) -> SceneGraph:
    """The graph of these objects, in this order, with the relations among them."""
    position = {index: rank for rank, index in enumerate(kept)}
    relations = tuple(
        relation.model_copy(
            update={"subject": position[relation.subject], "object": position[relation.object]}
        )
        for relation in graph.relations
        if relation.subject in position and relation.object in position
    )
    return SceneGraph(
        objects=tuple(graph.objects[index] for index in kept),
        relations=relations,
        place=graph.place,
    )


def total(counts: Iterable[TripletCounts]) -> TripletCounts:
    """Sum over a corpus."""
    return sum(counts, TripletCounts())


def _counts(predicted: Counter[Hashable], reference: Counter[Hashable]) -> TripletCounts:
    return TripletCounts(
        shared=(predicted & reference).total(),
        predicted=predicted.total(),
        reference=reference.total(),
    )


def _named(graph: SceneGraph, names: Sequence[Hashable], matching: Matching) -> Counter[Hashable]:
    """Multiset of (subject name, predicate, object name)."""
    words = matching.synonyms
    edges = {
        (relation.subject, words.get(relation.predicate, relation.predicate), relation.object)
        for relation in graph.relations
    }
    if matching.inverse_closure:
        edges |= {(o, INVERSE_PREDICATE[p], s) for s, p, o in edges if p in INVERSE_PREDICATE}
    canonical = [words.get(name, name) if isinstance(name, str) else name for name in names]
    return Counter((canonical[s], p, canonical[o]) for s, p, o in edges)


def _ends_by_predicate(graph: SceneGraph) -> dict[str, Indices]:
    """Subjects and objects, (triplets, 2), of each predicate; a triplet counts once."""
    ends: dict[str, list[tuple[int, int]]] = {}
    for subject, predicate, target in dict.fromkeys(
        (r.subject, r.predicate, r.object) for r in graph.relations
    ):
        ends.setdefault(predicate, []).append((subject, target))
    return {predicate: np.array(pairs) for predicate, pairs in ends.items()}


def _regions(graph: SceneGraph) -> NDArray[np.float64]:
    unknown = (np.nan,) * 4
    return np.array([item.region or unknown for item in graph.objects], dtype=np.float64)
