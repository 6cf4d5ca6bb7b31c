"""What a text states, and whether a scene graph bears it out."""

from collections.abc import Callable, Iterator

from spatial_dual.metrics.shares import Share
from spatial_dual.parsing.interface import TextGraphParser
from spatial_dual.render.captions import parse
from spatial_dual.scene.graph import GEOMETRIC_PREDICATES, Relation, SceneGraph, SceneObject
from spatial_dual.scene.vocabulary import attribute_kind

Fits = Callable[[SceneObject, SceneObject], bool]
"""Whether a stated object can be a shown one."""


def stated_graph(text: str, parser: TextGraphParser) -> SceneGraph:
    """Graph of a text: by the caption grammar, or by ``parser`` where it is not in the grammar."""
    return parse(text) or parser.parse([text])[0]


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


def true_relations(stated: SceneGraph, shown: SceneGraph, fits: Fits) -> Share:
    """Stated relations that hold between some pair of fitting objects of ``shown``.

    Only the nine spatial predicates and "part of" are counted: boxes cannot tell who holds whom.
    """
    judged = list(geometric_relations(stated))
    right = sum(holds(relation, stated, shown, fits) for relation in judged)
    return Share(right, len(judged))


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
