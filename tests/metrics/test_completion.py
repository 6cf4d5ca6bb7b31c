"""Completed graphs against initial and gold ones: known answers."""

import pytest

from spatial_dual.metrics.completion import (
    image_figures,
    nodes_kept,
    text_figures,
    triplets_kept,
)
from spatial_dual.metrics.shares import Share
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject


def graph(objects, relations=(), place=None):
    return SceneGraph(
        objects=tuple(SceneObject(label=name, attributes=words) for name, *words in objects),
        relations=tuple(Relation(subject=s, predicate=p, object=o) for s, p, o in relations),
        place=place,
    )


TOLD = graph([("cup", "red"), ("table",)], [(0, "on", 1)], place="kitchen")
RICHER = graph(
    [("ball", "blue"), ("table", "white"), ("cup", "red", "plain")],
    [(2, "on", 1), (0, "behind", 1)],
    place="kitchen",
)


def test_all_is_kept_whatever_the_order():
    assert nodes_kept(TOLD, RICHER) == Share(4, 4)
    assert triplets_kept(TOLD, RICHER) == Share(1, 1)


def test_lost_attribute_object_place_and_relation():
    poorer = graph([("cup", "green"), ("lamp",)], place="office")
    assert nodes_kept(TOLD, poorer) == Share(1, 4)
    assert triplets_kept(TOLD, poorer) == Share(0, 1)


def test_reversed_relation_is_not_kept():
    reversed_ends = graph([("cup", "red"), ("table",)], [(1, "on", 0)])
    assert triplets_kept(TOLD, reversed_ends) == Share(0, 1)


def test_relation_of_another_cup_is_not_kept():
    other = graph([("cup", "red"), ("table",), ("cup", "blue")], [(2, "on", 1), (0, "behind", 2)])
    told = graph([("cup", "red"), ("cup", "blue")], [(1, "behind", 0)])
    assert triplets_kept(told, other) == Share(0, 1)


def test_shares_add_up_over_the_corpus():
    found = text_figures([(TOLD, RICHER), (TOLD, graph([]))])
    assert found == {"nodes_kept": 0.5, "triplets_kept": 0.5}


def test_completion_is_compared_with_the_whole_gold_graph():
    seen = graph([("cup",), ("table",)], [(0, "on", 1)])
    gold = graph([("cup",), ("table",), ("ball",)], [(0, "on", 1), (2, "under", 1)])
    wrong = graph([("cup",), ("table",), ("ball",)], [(0, "on", 1), (2, "on", 1)])
    found = image_figures([seen, seen], [gold, wrong], [gold, gold])
    assert found["initial_triplet_recall"] == 0.5
    assert found["triplet_recall"] == found["triplet_precision"] == 0.75
    assert found["f1"] == pytest.approx(0.75)
    assert found["initial_f1"] == pytest.approx(2 / 3)
