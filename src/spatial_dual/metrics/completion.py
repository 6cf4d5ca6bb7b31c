"""2DSG → 3DSG: what graph diffusion finds of the gold graph, and keeps of the initial one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.spatial import (
    TripletCounts,
    fitting_counts,
    label_counts,
    object_counts,
    total,
)
from spatial_dual.metrics.spatial import match_objects as match_by_place
from spatial_dual.scene.alignment import match_objects
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.truth import same_label_and_attributes


@dataclass(frozen=True)
class GraphCounts:
    """Triplets that a graph shares with the whole gold 3DSG, hidden objects included.

    Attributes:
        by_label: triplets of labels, as multisets (TriRec of the paper).
        attributed: and the gold ends have all attributes that the graph gives them.
        matched: between the very objects, matched by label and place in the picture.
    """

    by_label: TripletCounts
    attributed: TripletCounts
    matched: TripletCounts

    @classmethod
    def of(cls, graph: SceneGraph, gold: SceneGraph) -> "GraphCounts":
        """Compare a graph with the gold one."""
        return cls(
            label_counts(graph, gold),
            fitting_counts(graph, gold, same_label_and_attributes),
            object_counts(graph, gold, match_by_place(graph, gold)),
        )


def triplet_figures(counts: Sequence[GraphCounts]) -> dict[str, Any]:
    """``recall``, ``precision``, ``f1`` by label; the same ``attributed`` and ``matched``."""
    return {
        **total(each.by_label for each in counts).figures(),
        "attributed": total(each.attributed for each in counts).figures(),
        "matched": total(each.matched for each in counts).figures(),
    }


def nodes_kept(initial: SceneGraph, completed: SceneGraph) -> Share:
    """Object, attribute and place nodes of the initial graph that the completed one has.

    Objects correspond by ``scene.alignment``; an object is kept with its label, an attribute with
    its object.
    """
    partners = match_objects(initial, completed)
    right = total_nodes = 0
    for item, partner in zip(initial.objects, partners, strict=True):
        total_nodes += 1 + len(item.attributes)
        if partner >= 0 and completed.objects[partner].label == item.label:
            right += 1 + len(set(item.attributes) & set(completed.objects[partner].attributes))
    if initial.place:
        total_nodes += 1
        right += initial.place == completed.place
    return Share(right, total_nodes)


def triplets_kept(initial: SceneGraph, completed: SceneGraph) -> Share:
    """Relations of the initial graph that hold between the corresponding completed objects."""
    partners = match_objects(initial, completed)
    held = {(r.subject, r.predicate, r.object) for r in completed.relations}
    right = sum(
        (partners[r.subject], r.predicate, partners[r.object]) in held for r in initial.relations
    )
    return Share(right, len(initial.relations))


def triplets_by_place(stated: SceneGraph, plan: SceneGraph) -> Share:
    """Stated relations of direction that the places of the planned objects bear out.

    Left and right, above and under by the centres of the planned regions, in front and behind by
    the planned distances: nothing that the plan itself says of relations counts. Objects correspond
    by ``scene.alignment``; one that the plan lacks or gives no place is wrong.
    """
    partners = match_objects(stated, plan)
    places = [_place(plan, partner) for partner in partners]
    asked = [r for r in stated.relations if r.predicate in _DIRECTIONS]
    right = 0
    for relation in asked:
        axis, sign = _DIRECTIONS[relation.predicate]
        right += sign * (places[relation.subject][axis] - places[relation.object][axis]) > 0
    return Share(right, len(asked))


_DIRECTIONS = {
    "to the left of": (0, -1),
    "to the right of": (0, 1),
    "above": (1, -1),
    "under": (1, 1),
    "in front of": (2, -1),
    "behind": (2, 1),
}
"""Axis of ``_place`` and sign of subject minus object."""


def _place(graph: SceneGraph, index: int) -> tuple[float, float, float]:
    """Column and row of the centre in the picture, and distance in metres; NaN where unknown."""
    unknown = float("nan")
    if index < 0:
        return unknown, unknown, unknown
    item = graph.objects[index]
    x0, y0, x1, y1 = item.region or (unknown,) * 4
    distance = item.distance if item.box is None else item.box.center[2]
    return (x0 + x1) / 2, (y0 + y1) / 2, unknown if distance is None else distance
