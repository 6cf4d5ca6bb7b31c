"""TriRec of outputs: |PT ∩ GT| / |GT| over triplets of labels, with precision and F1.

PT is parsed from the output, GT is what was asked for. Several texts about one picture count as one
set of triplets, and a triplet and its converse (behind, in front of) are both in the set.
"""

from collections.abc import Iterable, Sequence

from spatial_dual.metrics.round_trip import with_converses
from spatial_dual.metrics.spatial import TripletCounts, total
from spatial_dual.scene.graph import GEOMETRIC_PREDICATES, SceneGraph, Triplet


def triplet_set(graphs: Iterable[SceneGraph]) -> set[Triplet]:
    """Spatial triplets of labels that any of the graphs states, with their converses."""
    return {
        triplet
        for graph in graphs
        for triplet in with_converses(graph).triplets()
        if triplet[1] in GEOMETRIC_PREDICATES
    }


def compare(predicted: SceneGraph, reference: Sequence[SceneGraph]) -> TripletCounts:
    """Shared, predicted and asked-for triplets of one output."""
    own, asked = triplet_set([predicted]), triplet_set(reference)
    return TripletCounts(len(own & asked), len(own), len(asked))


def trirec_figures(counts: Iterable[TripletCounts]) -> dict[str, float]:
    """``recall`` (TriRec), ``precision``, ``f1`` from sums over a corpus; NaN for nothing asked."""
    return total(counts).figures()
