"""Which object of the gold 3DSG is which object of the initial graph, so that slots agree."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from spatial_dual.scene.graph import INVERSE_PREDICATE, SceneGraph, SceneObject

LABEL, ATTRIBUTE, RELATION, OVERLAP = 4.0, 1.0, 2.0, 4.0
"""Points for an equal label, an attribute found, a relation that holds, full overlap."""
MIN_SCORE = 2.0
"""Pairs that score less are strangers."""
ROUNDS = 3
"""Passes in which matched neighbours vote: a relation counts only under a match of its ends."""


def match_objects(initial: SceneGraph, gold: SceneGraph) -> list[int]:
    """Index of the gold object that each initial object stands for; −1 for none.

    Maximises agreement of labels, attributes and image-plane boxes by the Hungarian method, then
    lets stated relations vote under the matching found, a few times.
    """
    if not initial.objects or not gold.objects:
        return [-1] * len(initial.objects)
    own = np.array([[_likeness(a, b) for b in gold.objects] for a in initial.objects])
    facts = _facts(gold)
    matching = _assign(own)
    for _ in range(ROUNDS if initial.relations else 0):
        voted = _assign(own + _votes(initial, facts, matching, own.shape))
        if voted == matching:
            break
        matching = voted
    return [m if m >= 0 and own[i, m] >= MIN_SCORE else -1 for i, m in enumerate(matching)]


def slot_orders(initial: SceneGraph, gold: SceneGraph, slots: int) -> tuple[list[int], list[int]]:
    """Object order of both graphs such that equal slots hold equal objects.

    Matched objects come first, in the order of the initial graph; then initial objects without a
    partner beside empty gold slots; then the other gold objects, near ones first.

    Returns:
        (initial order, gold order), object indices or −1, at most ``slots`` long each.
    """
    matching = match_objects(initial, gold)
    taken = set(matching)
    rest = [n for n in range(len(gold.objects)) if n not in taken]
    rest.sort(key=lambda n: _prominence(gold.objects[n]))
    found = [i for i, m in enumerate(matching) if m >= 0]
    # strangers keep a slot only while gold objects leave room: gold is what must be learnt
    strangers = [i for i, m in enumerate(matching) if m < 0]
    room = max(0, slots - len(found) - len(rest))
    strangers = strangers[:room]
    initial_order = [*found, *strangers]
    gold_order = [*(matching[i] for i in found), *([-1] * len(strangers)), *rest]
    return initial_order[:slots], gold_order[:slots]


def _prominence(item: SceneObject) -> tuple[bool, float]:
    hidden = item.visibility is not None and item.visibility < 0.05
    distance = item.distance if item.box is None else item.box.center[2]
    return hidden, distance if distance is not None else float("inf")


def _likeness(a: SceneObject, b: SceneObject) -> float:
    same_label = a.label == b.label
    shared = len(set(a.attributes) & set(b.attributes))
    score = LABEL * same_label + ATTRIBUTE * shared
    if a.region is not None and b.region is not None:
        overlap = region_iou(a.region, b.region)
        # apart in the picture: not the same thing, whatever its name
        score += OVERLAP * overlap - (LABEL if overlap < 0.1 else 0)
    return score


def region_iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two image-plane boxes (x0, y0, x1, y1)."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    inner = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inner
    return inner / union if union > 0 else 0.0


def _facts(graph: SceneGraph) -> set[tuple[int, str, int]]:
    stated = {(r.subject, r.predicate, r.object) for r in graph.relations}
    return stated | {(o, INVERSE_PREDICATE[p], s) for s, p, o in stated if p in INVERSE_PREDICATE}


def _votes(
    initial: SceneGraph,
    facts: set[tuple[int, str, int]],
    matching: list[int],
    shape: tuple[int, ...],
) -> NDArray[np.float64]:
    """Points for each candidate if the other end of its relations keeps its present match."""
    votes = np.zeros(shape)
    for relation in initial.relations:
        subject, target = matching[relation.subject], matching[relation.object]
        for candidate in range(shape[1]):
            if (candidate, relation.predicate, target) in facts:
                votes[relation.subject, candidate] += RELATION
            if (subject, relation.predicate, candidate) in facts:
                votes[relation.object, candidate] += RELATION
    return votes


def _assign(scores: NDArray[np.float64]) -> list[int]:
    rows, columns = linear_sum_assignment(scores, maximize=True)
    matching = [-1] * len(scores)
    for row, column in zip(rows, columns, strict=True):
        matching[row] = int(column)
    return matching
