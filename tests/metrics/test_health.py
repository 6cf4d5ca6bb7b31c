import math

import pytest

from spatial_dual.metrics.health import (
    contradictory_share,
    converse_share,
    mean_nodes,
    relation_confusion,
)
from spatial_dual.scene.graph import SPATIAL_PREDICATES, Relation, SceneGraph, SceneObject


def graph(*relations: tuple[int, str, int], objects: int = 3) -> SceneGraph:
    return SceneGraph(
        objects=tuple(
            SceneObject(label="box", attributes=("red",), region=(k / 4, 0, (k + 1) / 4, 1))
            for k in range(objects)
        ),
        relations=tuple(Relation(subject=s, predicate=p, object=o) for s, p, o in relations),
    )


@pytest.mark.parametrize(
    ("relations", "bad"),
    [
        ([(0, "behind", 1), (1, "in front of", 0)], False),
        ([(0, "next to", 1), (1, "next to", 0)], False),
        ([(0, "behind", 1), (0, "in front of", 1)], True),
        ([(0, "on", 1), (1, "on", 0)], True),
        ([(0, "above", 1), (1, "above", 0)], True),
    ],
)
def test_contradictions(relations, bad):
    assert contradictory_share([graph(*relations)]) == bad


def test_no_graph_has_no_share():
    assert math.isnan(contradictory_share([]))


def test_nodes_are_counted():
    assert mean_nodes([graph((0, "on", 1)), graph(objects=1)]) == {
        "objects": 2,
        "attributes": 2,
        "relations": 0.5,
    }


def test_confusion_counts_found_turned_and_missing():
    gold = graph((0, "on", 1), (0, "behind", 1), (1, "behind", 2), (0, "above", 2))
    seen = graph((0, "on", 1), (0, "behind", 1), (1, "in front of", 2))
    counts = relation_confusion([seen], [gold])
    index = {p: k for k, p in enumerate(SPATIAL_PREDICATES)}
    assert counts.sum() == 4
    assert counts[index["on"], index["on"]] == counts[index["behind"], index["behind"]] == 1
    assert counts[index["behind"], index["in front of"]] == 1
    assert counts[index["above"], -1] == 1
    assert converse_share(counts) == pytest.approx(1 / 3)
