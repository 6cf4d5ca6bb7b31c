"""Whether one scene graph bears out what another states."""

from collections.abc import Callable, Iterator

from spatial_dual.scene.graph import GEOMETRIC_PREDICATES, Relation, SceneGraph, SceneObject
from spatial_dual.scene.vocabulary import attribute_kind

Fits = Callable[[SceneObject, SceneObject], bool]
"""Whether a stated object can be a shown one."""


def same_label(stated: SceneObject, shown: SceneObject) -> bool:
    """Equal labels."""
    return stated.label == shown.label


def same_label_and_colour(stated: SceneObject, shown: SceneObject) -> bool:
    """Equal labels, and the stated colour, if any, is shown."""
    colours = {word for word in stated.attributes if attribute_kind(word) == "colour"}
    return stated.label == shown.label and colours <= set(shown.attributes)


def same_label_and_attributes(stated: SceneObject, shown: SceneObject) -> bool:
    """Equal labels, and every stated attribute is shown."""
    return stated.label == shown.label and set(stated.attributes) <= set(shown.attributes)


def geometric_relations(graph: SceneGraph) -> Iterator[Relation]:
    """Relations with a predicate of geometry that hold; of alternatives those of the first."""
    hidden = graph.left_out()
    return (
        r
        for r in graph.relations
        if r.predicate in GEOMETRIC_PREDICATES
        and not r.negated
        and hidden.isdisjoint((r.subject, r.object))
    )


def holds(relation: Relation, stated: SceneGraph, shown: SceneGraph, fits: Fits) -> bool:
    """Whether a stated relation is seen between some pair of fitting objects of ``shown``.

    An object with alternatives may be any of them.
    """
    subjects, targets = stated.choices(relation.subject), stated.choices(relation.object)
    return any(
        fact.predicate == relation.predicate
        and any(fits(item, shown.objects[fact.subject]) for item in subjects)
        and any(fits(item, shown.objects[fact.object]) for item in targets)
        for fact in shown.relations
    )


def denials(stated: SceneGraph, shown: SceneGraph, fits: Fits) -> list[bool]:
    """For each thing that the text denies, whether ``shown`` keeps to it.

    "no dog on the sofa" is broken by a dog on a sofa, "a room without windows" by any window: an
    absent object of which no relation of geometry is denied must not be seen at all.
    """
    denied = [r for r in stated.relations if r.negated and r.predicate in GEOMETRIC_PREDICATES]
    placed = {end for r in denied for end in (r.subject, r.object)}
    absent = (x for n, x in enumerate(stated.objects) if x.negated and n not in placed)
    return [
        *(not holds(relation, stated, shown, fits) for relation in denied),
        *(not any(fits(item, other) for other in shown.objects) for item in absent),
    ]
