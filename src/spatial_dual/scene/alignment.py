"""Which object of the gold 3DSG is which object of the initial graph, so that slots agree."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from spatial_dual.scene.graph import INVERSE_PREDICATE, SceneGraph, SceneObject
from spatial_dual.scene.tensors import EMPTY
from spatial_dual.seeding import derive_seed

LABEL, ATTRIBUTE, RELATION, OVERLAP = 4.0, 1.0, 2.0, 4.0
"""Points for an equal label, an attribute found, a relation that holds, full overlap."""
MIN_SCORE = 2.0
"""Pairs that score less are strangers."""
ROUNDS = 3
"""Passes in which matched neighbours vote: a relation counts only under a match of its ends."""


def match_objects(initial: SceneGraph, gold: SceneGraph) -> list[int]:
    """Index of the gold object that each initial object stands for; ``EMPTY`` for none.

    Maximises agreement of labels, attributes and image-plane boxes by the Hungarian method, then
    lets stated relations vote under the matching found, a few times.
    """
    if not initial.objects or not gold.objects:
        return [EMPTY] * len(initial.objects)
    own = np.array([[_likeness(a, b) for b in gold.objects] for a in initial.objects])
    facts = _facts(gold)
    matching = _assign(own)
    for _ in range(ROUNDS if initial.relations else 0):
        voted = _assign(own + _votes(initial, facts, matching, own.shape))
        if voted == matching:
            break
        matching = voted
    return [m if m >= 0 and own[i, m] >= MIN_SCORE else EMPTY for i, m in enumerate(matching)]


def slot_orders(initial: SceneGraph, gold: SceneGraph, slots: int) -> tuple[list[int], list[int]]:
    """Object order of both graphs such that equal slots hold equal objects.

    The initial graph is laid out as ``random_slots`` does, whatever gold says. Partners share a
    slot; the other gold objects take empty slots at random, then those of objects that gold does
    not have. Where slots are short, far and hidden gold objects are left out.

    Returns:
        (initial order, gold order), object index or ``EMPTY`` of each slot.
    """
    matching = match_objects(initial, gold)
    initial_order = random_slots(initial, slots)
    gold_order = [EMPTY if item == EMPTY else matching[item] for item in initial_order]
    placed = set(gold_order)
    rest = [n for n in range(len(gold.objects)) if n not in placed]
    rest.sort(key=lambda n: _prominence(gold.objects[n]))
    free = [slot for slot, item in enumerate(gold_order) if item == EMPTY]
    draw = np.random.default_rng(derive_seed(0, "slots", initial.to_json(), gold.to_json()))
    draw.shuffle(free)
    free.sort(key=lambda slot: initial_order[slot] != EMPTY)
    taken = free[: len(rest)]
    draw.shuffle(taken)
    for slot, item in zip(taken, rest, strict=False):
        gold_order[slot] = item
    return initial_order, gold_order


def random_slots(graph: SceneGraph, slots: int) -> list[int]:
    """Object index, or ``EMPTY``, of each slot: the first objects of a graph in slots at random.

    The draw depends on the graph alone, so a graph is laid out alike in training and in use, and
    the number of a slot says nothing of its object: neither that it is found in the gold graph nor
    when a caption names it.
    """
    order = [*range(len(graph.objects)), *[EMPTY] * slots][:slots]
    draw = np.random.default_rng(derive_seed(0, "slots", graph.to_json()))
    return [order[n] for n in draw.permutation(slots)]


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
