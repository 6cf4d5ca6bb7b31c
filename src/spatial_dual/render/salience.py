"""Which relations of a scene are worth saying."""

import math
from collections.abc import Collection, Mapping

import numpy as np

from spatial_dual.scene.graph import Relation, SceneGraph

Fact = tuple[int, str, int]
"""(subject, predicate, object), objects by their index in the graph."""

SHOWN = 0.25
"""Least visibility of an object that a caption speaks of."""
_INTEREST = {"on": 6.0, "in": 6.0, "part of": 3.0, "under": 4.0, "above": 3.0, "next to": 1.0}
_REACH = 0.35
"""Distance in the picture, as a share of its width, over which interest falls to 1/e."""
_SHARED = 5.0
"""Factor for a relation of an object that was spoken of already."""
_PREFERRED = 1e6


def tellable_facts(graph: SceneGraph) -> dict[Fact, float]:
    """Relations between visible objects, and how interesting each is: by its kind and nearness."""
    shown = [(item.visibility or 0) >= SHOWN for item in graph.objects]
    return {
        (relation.subject, relation.predicate, relation.object): _interest(graph, relation)
        for relation in graph.relations
        if shown[relation.subject] and shown[relation.object]
    }


def choose_facts(
    facts: Mapping[Fact, float],
    count: int,
    generator: np.random.Generator,
    prefer: Collection[Fact] = (),
) -> list[Fact]:
    """Draw ``count`` facts without replacement, fewer where there are no more.

    At most one is taken for each pair of objects; the further ones prefer objects that were spoken
    of already.

    Args:
        facts: interest of each fact.
        count: how many.
        generator: source of the draws.
        prefer: the first fact is one of these if it can be.

    Returns:
        the facts in the order to state them.
    """
    chosen: list[Fact] = []
    spoken: set[int] = set()
    pairs: set[frozenset[int]] = set()
    while len(chosen) < count:
        scores = [
            interest
            * (_SHARED if fact[0] in spoken or fact[2] in spoken else 1.0)
            * (_PREFERRED if not chosen and fact in prefer else 1.0)
            if frozenset((fact[0], fact[2])) not in pairs
            else 0.0
            for fact, interest in facts.items()
        ]
        total = math.fsum(scores)
        if not total:
            break
        fact = list(facts)[_draw(scores, total * generator.random())]
        chosen.append(fact)
        spoken |= {fact[0], fact[2]}
        pairs.add(frozenset((fact[0], fact[2])))
    return chosen


def _interest(graph: SceneGraph, relation: Relation) -> float:
    ends = [graph.objects[index].region for index in (relation.subject, relation.object)]
    if ends[0] is None or ends[1] is None:
        return _INTEREST.get(relation.predicate, 1.0)
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = ends[0], ends[1]
    distance = math.hypot(ax0 + ax1 - bx0 - bx1, ay0 + ay1 - by0 - by1) / 2
    return _INTEREST.get(relation.predicate, 1.0) * math.exp(-distance / _REACH)


def _draw(scores: list[float], at: float) -> int:
    for number, score in enumerate(scores):
        at -= score
        if at < 0:
            return number
    return max(range(len(scores)), key=scores.__getitem__)
