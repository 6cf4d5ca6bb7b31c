"""Matching of initial graphs to gold graphs."""

from itertools import permutations

import numpy as np
import pytest

from spatial_dual.scene.alignment import match_objects, slot_orders
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject
from spatial_dual.scene.tensors import GraphCodec
from spatial_dual.scene.views import aligned_views
from spatial_dual.scene.vocabulary import Vocabulary

GOLD = SceneGraph(
    objects=(
        SceneObject(label="cup", attributes=("red",), region=(0.0, 0.0, 0.2, 0.2), distance=3.0),
        SceneObject(label="cup", attributes=("blue",), region=(0.6, 0.0, 0.8, 0.2), distance=2.0),
        SceneObject(label="table", region=(0.0, 0.5, 1.0, 1.0), distance=1.0),
        SceneObject(label="cup", attributes=("red",), region=(0.4, 0.0, 0.5, 0.2), distance=4.0),
    ),
    relations=(
        Relation(subject=0, predicate="to the left of", object=1),
        Relation(subject=1, predicate="on", object=2),
        Relation(subject=3, predicate="behind", object=0),
    ),
)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_graph_matches_its_own_renumbering(order: tuple[int, ...]) -> None:
    where = {old: new for new, old in enumerate(order)}
    shuffled = SceneGraph(
        objects=tuple(GOLD.objects[i] for i in order),
        relations=tuple(
            Relation(subject=where[r.subject], predicate=r.predicate, object=where[r.object])
            for r in GOLD.relations
        ),
    )
    assert match_objects(shuffled, GOLD) == list(order)


def test_relations_decide_between_equal_objects() -> None:
    said = SceneGraph(
        objects=(SceneObject(label="cup"), SceneObject(label="table")),
        relations=(Relation(subject=0, predicate="on", object=1, source="text"),),
    )
    assert match_objects(said, GOLD) == [1, 2]
    converse = SceneGraph(
        objects=(SceneObject(label="cup", attributes=("red",)), SceneObject(label="cup")),
        relations=(Relation(subject=0, predicate="in front of", object=1, source="text"),),
    )
    assert match_objects(converse, GOLD) == [0, 3]


def test_things_far_apart_in_the_picture_are_strangers() -> None:
    seen = SceneGraph(objects=(SceneObject(label="table", region=(0.0, 0.0, 0.1, 0.1)),))
    assert match_objects(seen, GOLD) == [-1]


def test_slot_orders_put_partners_in_the_same_slot_and_near_strangers_after() -> None:
    said = SceneGraph(
        objects=(
            SceneObject(label="zebra"),
            SceneObject(label="table"),
            SceneObject(label="cup", attributes=("blue",)),
        )
    )
    initial, gold = slot_orders(said, GOLD, slots=6)
    assert initial == [1, 2, 0]
    assert gold == [2, 1, -1, 0, 3]
    assert slot_orders(said, GOLD, slots=3) == ([1, 2], [2, 1, 0])


def test_views_hold_equal_objects_in_equal_slots() -> None:
    said = SceneGraph(objects=(SceneObject(label="table"),))
    codec = GraphCodec(Vocabulary.from_graphs([GOLD]), slots=5)
    views = aligned_views([GOLD, GOLD], [GOLD, SceneGraph()], [[said], [said, GOLD]], codec, 2)
    assert views["gold_labels"].shape == (2, 3, 5)
    stated = views["initial_labels"] > 0
    assert np.array_equal(views["initial_labels"][stated], views["gold_labels"][stated])
    assert stated.sum(axis=2).tolist() == [[4, 1, 1], [0, 1, 4]]
    assert (views["gold_labels"] > 0).sum(axis=2).tolist() == [[4, 4, 4], [4, 4, 4]]
