"""A scene graph as lines of text."""

from collections.abc import Sequence

from spatial_dual.printing import printable
from spatial_dual.scene.graph import INVERSE_PREDICATE, SceneGraph, SceneObject


def listing(graph: SceneGraph) -> str:
    """Objects with attributes and place in the view, then relations; of converses only one.

    Words are ``printable``.
    """
    lines = [f"  {number}. {_object(item)}" for number, item in enumerate(graph.objects, 1)]
    if graph.place:
        lines.append(f"  place: {printable(graph.place)}")
    told: set[tuple[int, str, int]] = set()
    for relation in graph.relations:
        inverse = INVERSE_PREDICATE.get(relation.predicate)
        if (relation.object, inverse, relation.subject) in told:
            continue
        told.add((relation.subject, relation.predicate, relation.object))
        ends = [
            f"{printable(graph.objects[k].label)} ({k + 1})"
            for k in (relation.subject, relation.object)
        ]
        denied = "not: " if relation.negated else ""
        lines.append(f"  {denied}{ends[0]} {relation.predicate} {ends[1]}")
    lines += [f"  one of: {_names(graph, group)}" for group in graph.alternatives]
    lines += [f"  {printable(note)}" for note in graph.notes]
    return "\n".join(lines) or "  (empty)"


def _names(graph: SceneGraph, group: Sequence[int]) -> str:
    return ", ".join(f"{printable(graph.objects[k].label)} ({k + 1})" for k in group)


def _object(item: SceneObject) -> str:
    words = printable(": ".join(filter(None, (item.label, ", ".join(item.attributes)))))
    words = f"no {words}" if item.negated else words
    if item.region is None:
        return words
    x0, y0, x1, y1 = item.region
    away = f", {item.distance:.1f} m away" if item.distance is not None else ""
    return f"{words} [centre {(x0 + x1) / 2:.2f} across, {(y0 + y1) / 2:.2f} down{away}]"
