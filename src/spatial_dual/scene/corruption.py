"""Noise on gold 3DSGs: how much does the method suffer from wrong annotations (paper Fig. 8)?"""

import numpy as np

from spatial_dual.scene.graph import (
    GEOMETRIC_PREDICATES,
    INVERSE_PREDICATE,
    Relation,
    SceneGraph,
    SceneObject,
)
from spatial_dual.scene.vocabulary import Vocabulary, attribute_kind


def corrupt_graph(
    graph: SceneGraph, rate: float, vocabulary: Vocabulary, generator: np.random.Generator
) -> SceneGraph:
    """Replace each node's word and each edge's predicates with probability ``rate``.

    Object nodes take another noun, attribute nodes another word of their kind, the place another
    place. An edge is a pair of objects with all that holds between them; a corrupted one holds one
    random spatial relation, and its converse if that has a name. Boxes stay.

    Raises:
        ValueError: ``rate`` is not in 0..1.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"the rate of graph noise must be in 0..1, got {rate}")

    def other(word: str, words: tuple[str, ...]) -> str:
        choices = [choice for choice in words if choice != word]
        return str(generator.choice(choices)) if choices and generator.random() < rate else word

    def corrupt_object(item: SceneObject) -> SceneObject:
        attributes = tuple(
            other(word, vocabulary.attributes.get(attribute_kind(word), ()))
            for word in item.attributes
        )
        label = other(item.label, vocabulary.labels)
        return item.model_copy(update={"label": label, "attributes": attributes})

    objects = tuple(corrupt_object(item) for item in graph.objects)
    place = other(graph.place, vocabulary.places) if graph.place else None
    relations = _corrupt_relations(graph.relations, rate, generator)
    return SceneGraph(objects=objects, relations=relations, place=place)


def _corrupt_relations(
    relations: tuple[Relation, ...], rate: float, generator: np.random.Generator
) -> tuple[Relation, ...]:
    edges = dict.fromkeys(_ends(relation) for relation in relations)
    wrong = {edge: _random_edge(*edge, generator) for edge in edges if generator.random() < rate}
    kept = [relation for relation in relations if _ends(relation) not in wrong]
    return (*kept, *(relation for edge in wrong.values() for relation in edge))


def _ends(relation: Relation) -> tuple[int, int]:
    return min(relation.subject, relation.object), max(relation.subject, relation.object)


def _random_edge(first: int, second: int, generator: np.random.Generator) -> list[Relation]:
    subject, target = generator.permutation([first, second]).tolist()
    predicate = str(generator.choice(GEOMETRIC_PREDICATES))
    relation = Relation(subject=subject, predicate=predicate, object=target)
    inverse = INVERSE_PREDICATE.get(predicate)
    if inverse is None:
        return [relation]
    return [relation, Relation(subject=target, predicate=inverse, object=subject)]
