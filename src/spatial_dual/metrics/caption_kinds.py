"""Texts of the kinds that people type: is a graph wholly what a careful reader wants?

A text is right if all that is wanted is in its graph and nothing beyond what may be. Labels and
predicates of the annotation may name several that are as good: "has/with".
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spatial_dual.metrics.shares import Share
from spatial_dual.scene.graph import SceneGraph

Fact = tuple[str, ...]
Annotation = Mapping[str, Any]
"""Of a text: ``text``; ``objects`` [label, attributes] and ``relations`` that are wanted;
``optional`` objects and ``also`` relations, that may be there; ``negated`` relations, ``absent``
objects and ``alternatives``, groups of labels, that are wanted."""


def share_right(graphs: Sequence[SceneGraph], annotations: Sequence[Annotation]) -> Share:
    """Texts of which nothing is wrong."""
    pairs = zip(graphs, annotations, strict=True)
    return Share(sum(not verdict(graph, wanted) for graph, wanted in pairs), len(graphs))


def verdict(graph: SceneGraph, wanted: Annotation) -> list[str]:
    """What is missing and what is too much in the graph of one text; empty if it is right."""
    objects = [(item.label, item.attributes) for item in graph.objects if not item.negated]
    absent = [(item.label,) for item in graph.objects if item.negated]
    chosen = [
        tuple(sorted(graph.objects[number].label for number in group))
        for group in graph.alternatives
    ]
    sure, maybe = wanted["objects"], wanted.get("optional", [])
    also = [tuple(fact) for fact in wanted.get("also", [])]
    return [
        *_differences(
            "object",
            [(label,) for label, _ in objects],
            [(label,) for label, _ in sure],
            [(label,) for label, _ in maybe],
        ),
        *_differences("attribute", _described(objects), _described(sure), _described(maybe)),
        *_differences("relation", graph.triplets(), _facts(wanted["relations"]), also),
        *_differences("negated", graph.negated_triplets(), _facts(wanted.get("negated", [])), also),
        *_differences("absent", absent, [(label,) for label in wanted.get("absent", [])], []),
        *_differences(
            "alternatives", chosen, [tuple(sorted(g)) for g in wanted.get("alternatives", [])], []
        ),
    ]


def _facts(rows: Iterable[Sequence[str]]) -> list[Fact]:
    return [tuple(row) for row in rows]


def _described(objects: Iterable[Sequence[Any]]) -> list[Fact]:
    """(label, attribute) of objects."""
    return [(label, word) for label, words in objects for word in words]


def _differences(
    kind: str, found: Sequence[Fact], wanted: Sequence[Fact], allowed: Sequence[Fact]
) -> list[str]:
    """Each wanted fact takes one that was found; what is left over must be allowed."""
    rest = Counter(found)
    problems = []
    for fact in wanted:
        match = next((other for other in rest if _fits(other, fact)), None)
        if match is None:
            problems.append(f"{kind} missing: {' '.join(fact)}")
        else:
            rest -= Counter([match])
    problems += [
        f"{kind} too many: {' '.join(fact)}"
        for fact in rest
        if not any(_fits(fact, other) for other in allowed)
    ]
    return problems


def _fits(found: Fact, wanted: Fact) -> bool:
    """Whether each word is one of those that are as good."""
    if len(found) != len(wanted):
        return False
    return all(word in choices.split("/") for word, choices in zip(found, wanted, strict=True))
