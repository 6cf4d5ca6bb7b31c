"""Completed graphs against initial and gold ones: known answers, and brute force."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial_dual.metrics.completion import (
    GraphCounts,
    nodes_kept,
    triplet_figures,
    triplets_by_place,
    triplets_kept,
)
from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.spatial import TripletCounts, fitting_counts, label_counts
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject
from spatial_dual.scene.truth import same_label, same_label_and_attributes


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


def test_recall_precision_and_f1_by_hand():
    """Right: cup on table. Wrong: the ball is not on it. Missed: the ball under it."""
    gold = graph([("cup", "red"), ("table",), ("ball",)], [(0, "on", 1), (2, "under", 1)])
    plain = graph([("cup",), ("table",), ("ball",)], [(0, "on", 1), (2, "on", 1), (1, "on", 2)])
    found = triplet_figures([GraphCounts.of(plain, gold)])
    assert found["recall"] == found["attributed"]["recall"] == 1 / 2
    assert found["precision"] == pytest.approx(1 / 3)
    assert found["f1"] == pytest.approx(2 / 5)
    green = graph([("cup", "green"), ("table",)], [(0, "on", 1)])
    both = triplet_figures([GraphCounts.of(green, gold), GraphCounts.of(gold, gold)])
    assert (both["recall"], both["precision"]) == (3 / 4, 1)
    assert (both["attributed"]["recall"], both["attributed"]["precision"]) == (2 / 4, 2 / 3)


GRAPHS = st.builds(
    lambda labels, colours, triplets: graph(
        [(label, *colour) for label, colour in zip(labels, colours, strict=False)],
        [(s, p, o) for s, p, o in triplets if s != o],
    ),
    st.lists(st.sampled_from(["cup", "table"]), min_size=4, max_size=4),
    st.lists(st.sampled_from([(), ("red",), ("blue",)]), min_size=4, max_size=4),
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["on", "behind"]), st.integers(0, 3)),
        max_size=4,
        unique=True,
    ),
)


def most_pairs(predicted, gold, fits):
    """The largest one-to-one correspondence of triplets, by trying all."""
    own, true = list(predicted.relations), list(gold.relations)

    def same(a, b):
        ends = ((a.subject, b.subject), (a.object, b.object))
        return a.predicate == b.predicate and all(
            fits(predicted.objects[i], gold.objects[j]) for i, j in ends
        )

    short, long = (own, true) if len(own) <= len(true) else (true, own)
    return max(
        sum(same(*((a, b) if short is own else (b, a))) for a, b in zip(short, order, strict=False))
        for order in itertools.permutations(long, len(short))
    )


@settings(max_examples=60, deadline=None)
@given(GRAPHS, GRAPHS)
def test_counts_are_those_of_all_correspondences(predicted, gold):
    for fits in (same_label, same_label_and_attributes):
        counts = fitting_counts(predicted, gold, fits)
        assert counts.shared == most_pairs(predicted, gold, fits)
        assert (counts.predicted, counts.reference) == (
            len(predicted.relations),
            len(gold.relations),
        )
    assert fitting_counts(predicted, gold, same_label) == label_counts(predicted, gold)


def test_no_graph_shares_nothing():
    assert fitting_counts(graph([]), TOLD, same_label) == TripletCounts(0, 0, 1)
    assert fitting_counts(TOLD, graph([]), same_label) == TripletCounts(0, 1, 0)


def placed(*things):
    objects = tuple(
        SceneObject(label=label, region=(x - 0.1, y - 0.1, x + 0.1, y + 0.1), distance=z)
        for label, x, y, z in things
    )
    return SceneGraph(objects=objects)


@pytest.mark.parametrize(
    ("predicate", "right"),
    [
        ("to the left of", True),
        ("to the right of", False),
        ("above", False),
        ("under", True),
        ("in front of", False),
        ("behind", True),
    ],
)
def test_places_bear_directions_out(predicate, right):
    told = graph([("cup",), ("lamp",)], [(0, predicate, 1)])
    plan = placed(("lamp", 0.6, 0.2, 2.0), ("cup", 0.3, 0.7, 3.0))
    assert triplets_by_place(told, plan) == Share(right, 1)


def test_a_lost_object_and_an_unknown_place_bear_nothing_out():
    told = graph([("cup",), ("lamp",)], [(0, "to the left of", 1), (0, "next to", 1)])
    assert triplets_by_place(told, placed(("cup", 0.1, 0.5, 1.0))) == Share(0, 1)
    assert triplets_by_place(told, graph([("cup",), ("lamp",)])) == Share(0, 1)
