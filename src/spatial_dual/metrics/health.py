"""Health of codebooks and of generated graphs."""

from collections.abc import Iterable, Sequence

import numpy as np

from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.spatial import match_objects
from spatial_dual.scene.graph import INVERSE_PREDICATE, SPATIAL_PREDICATES, SceneGraph

_OPPOSITE = {
    predicate: inverse for predicate, inverse in INVERSE_PREDICATE.items() if predicate != inverse
}
_ONE_WAY = frozenset(SPATIAL_PREDICATES) - {"next to"}


def is_contradictory(graph: SceneGraph) -> bool:
    """Whether a graph says both that a is left of b and right of b, or a on b and b on a."""
    stated = {(r.subject, r.predicate, r.object) for r in graph.relations}
    return any(
        (s, _OPPOSITE.get(p), o) in stated or (p in _ONE_WAY and (o, p, s) in stated)
        for s, p, o in stated
    )


def contradictory_share(graphs: Iterable[SceneGraph]) -> float:
    """Share of graphs that no arrangement of things can satisfy; NaN for no graphs."""
    verdicts = [is_contradictory(graph) for graph in graphs]
    return Share(sum(verdicts), len(verdicts)).value


def mean_nodes(graphs: Sequence[SceneGraph]) -> dict[str, float]:
    """Mean number of object, attribute and relation nodes (Fig. 6); NaN for no graphs."""
    if not graphs:
        return dict.fromkeys(("objects", "attributes", "relations"), float("nan"))
    count = len(graphs)
    return {
        "objects": sum(len(g.objects) for g in graphs) / count,
        "attributes": sum(len(item.attributes) for g in graphs for item in g.objects) / count,
        "relations": sum(len(g.relations) for g in graphs) / count,
    }


def relation_confusion(predicted: Sequence[SceneGraph], gold: Sequence[SceneGraph]) -> np.ndarray:
    """Counts (gold predicate, predicted predicate + 1) over pairs of objects matched by place.

    Rows and columns follow ``SPATIAL_PREDICATES``; the last column counts gold relations for which
    nothing is predicted. Of several predicates between a pair each gold one counts once: as
    found if it is predicted, else against the first that is not gold, else as missing.
    """
    index = {predicate: k for k, predicate in enumerate(SPATIAL_PREDICATES)}
    counts = np.zeros((len(index), len(index) + 1), np.int64)
    for graph, truth in zip(predicted, gold, strict=True):
        partner = match_objects(graph, truth).tolist()
        found = _predicates(graph, partner)
        told = _predicates(truth, range(len(truth.objects)))
        for pair in (pair for pair in told if set(pair) <= set(partner)):
            wrong = [p for p in found.get(pair, ()) if p not in told[pair]]
            for predicate in told[pair]:
                hit = predicate if predicate in found.get(pair, ()) else next(iter(wrong), None)
                counts[index[predicate], len(index) if hit is None else index[hit]] += 1
    return counts


def _predicates(graph: SceneGraph, names: Sequence[int]) -> dict[tuple[int, int], list[str]]:
    """Spatial predicates of each pair of objects, under the objects' names."""
    found: dict[tuple[int, int], list[str]] = {}
    for relation in graph.relations:
        if relation.predicate in SPATIAL_PREDICATES:
            pair = (names[relation.subject], names[relation.object])
            found.setdefault(pair, []).append(relation.predicate)
    return found


def converse_share(confusion: np.ndarray) -> float:
    """Of the matched gold relations for which something is predicted, those turned around."""
    index = {predicate: k for k, predicate in enumerate(SPATIAL_PREDICATES)}
    turned = sum(int(confusion[index[p], index[q]]) for p, q in _OPPOSITE.items())
    return Share(turned, int(confusion[:, :-1].sum())).value
