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
    """Relations with a predicate of geometry."""
    return (r for r in graph.relations if r.predicate in GEOMETRIC_PREDICATES)


def holds(relation: Relation, stated: SceneGraph, shown: SceneGraph, fits: Fits) -> bool:
    """Whether a stated relation is seen between some pair of fitting objects of ``shown``."""
    subject, target = stated.objects[relation.subject], stated.objects[relation.object]
    return any(
        fact.predicate == relation.predicate
        and fits(subject, shown.objects[fact.subject])
        and fits(target, shown.objects[fact.object])
        for fact in shown.relations
    )
