"""What is left of relations after a way through both directions.

text → image → text asks a caption's relations of the description of its drawing; graph → image →
graph asks the gold graph's of what is seen in its drawing. Both per predicate.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.spatial import match_objects, visible_part
from spatial_dual.scene.graph import INVERSE_PREDICATE, Relation, SceneGraph
from spatial_dual.scene.truth import geometric_relations, holds, same_label

Answer = tuple[str, bool]
"""A predicate that was asked for, and whether it came back."""


def told_again(caption: SceneGraph, description: SceneGraph) -> list[Answer]:
    """Relations of a caption that a description states, in so many words or by the converse."""
    full = with_converses(description)
    return [
        (relation.predicate, holds(relation, caption, full, same_label))
        for relation in geometric_relations(caption)
    ]


def seen_again(gold: SceneGraph, seen: SceneGraph, least_visibility: float) -> list[Answer]:
    """Relations between visible gold objects that are seen between the same objects.

    Objects correspond by label and place in the picture.
    """
    visible, _ = visible_part(gold, least_visibility)
    partner = match_objects(seen, visible).tolist()
    found = {(partner[r.subject], r.predicate, partner[r.object]) for r in seen.relations}
    return [
        (r.predicate, (r.subject, r.predicate, r.object) in found)
        for r in geometric_relations(visible)
    ]


def round_trip_figures(answers: Iterable[Sequence[Answer]]) -> dict[str, Any]:
    """Share of relations that came back, in all and ``by_predicate``; NaN for none."""
    flat = [answer for group in answers for answer in group]
    return {
        "relations": _share(flat).value,
        "by_predicate": {
            predicate.replace(" ", "_"): _share([a for a in flat if a[0] == predicate]).value
            for predicate in sorted({name for name, _ in flat})
        },
    }


def with_converses(graph: SceneGraph) -> SceneGraph:
    """The graph with the named converse of each relation."""
    stated = {(r.subject, r.predicate, r.object): r for r in graph.relations}
    for (s, p, o), relation in list(stated.items()):
        if p in INVERSE_PREDICATE:
            key = (o, INVERSE_PREDICATE[p], s)
            stated.setdefault(
                key, Relation(subject=o, predicate=key[1], object=s, source=relation.source)
            )
    return graph.model_copy(update={"relations": tuple(stated.values())})


def _share(answers: Sequence[Answer]) -> Share:
    return Share(sum(right for _, right in answers), len(answers))
