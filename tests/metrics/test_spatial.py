"""Triplet scores against counts by hand."""

import math
import time

import numpy as np
import pytest

from spatial_dual.metrics.spatial import (
    Matching,
    TripletCounts,
    label_counts,
    match_objects,
    object_counts,
    region_iou,
    subgraph,
    total,
    visible_counts,
    visible_part,
)
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject


def graph(labels, triplets, regions=None, visibility=None):
    objects = [
        SceneObject(
            label=label,
            region=regions[k] if regions else None,
            visibility=visibility[k] if visibility else None,
        )
        for k, label in enumerate(labels)
    ]
    relations = [Relation(subject=s, predicate=p, object=o, source="text") for s, p, o in triplets]
    return SceneGraph(objects=tuple(objects), relations=tuple(relations))


GOLD = graph(["cup", "table", "cup"], [(0, "on", 1), (2, "on", 1), (0, "to the left of", 2)])


def test_labels_count_as_a_multiset():
    predicted = graph(["cup", "table"], [(0, "on", 1), (1, "under", 0)])
    counts = label_counts(predicted, GOLD)
    assert counts == TripletCounts(shared=1, predicted=2, reference=3)
    assert (counts.precision, counts.recall, counts.f1) == (0.5, 1 / 3, 0.4)


def test_inverse_closure_and_synonyms_are_options():
    predicted = graph(["mug", "cup"], [(1, "to the right of", 0)])
    assert label_counts(predicted, GOLD).shared == 0
    words = {"mug": "cup"}
    assert label_counts(predicted, GOLD, Matching(synonyms=words)).shared == 0
    counts = label_counts(predicted, GOLD, Matching(inverse_closure=True, synonyms=words))
    assert counts == TripletCounts(shared=2, predicted=2, reference=4)
    near = graph(["cup", "table"], [(0, "atop", 1)])
    assert label_counts(near, GOLD, Matching(synonyms={"atop": "on"})).shared == 1


def test_closure_adds_no_triplet_twice():
    both = graph(["a", "b"], [(0, "behind", 1), (1, "in front of", 0)])
    one = graph(["a", "b"], [(0, "behind", 1)])
    counts = label_counts(one, both, Matching(inverse_closure=True))
    assert counts == TripletCounts(shared=2, predicted=2, reference=2)


def test_objects_are_told_apart():
    predicted = graph(["cup", "cup", "table"], [(0, "on", 2), (0, "to the left of", 1)])
    right = object_counts(predicted, GOLD, [0, 2, 1])
    swapped = object_counts(predicted, GOLD, [2, 0, 1])
    assert right == TripletCounts(2, 2, 3)
    assert swapped == TripletCounts(1, 2, 3)
    unmatched = object_counts(predicted, GOLD, [-1, 2, 1])
    assert unmatched == TripletCounts(0, 2, 3)
    with pytest.raises(ValueError, match="its own partner"):
        object_counts(predicted, GOLD, [0, 0, 1])
    with pytest.raises(ValueError, match="each of 3 objects"):
        object_counts(predicted, GOLD, [0, 1])


def test_matching_uses_label_and_overlap():
    gold = graph(["cup", "cup", "table"], [], [(0, 0, 0.2, 0.2), (0.5, 0, 0.7, 0.2), (0, 0, 1, 1)])
    moved = graph(
        ["cup", "cup", "chair", "cup"],
        [],
        [(0.5, 0.02, 0.7, 0.2), (0.01, 0, 0.2, 0.2), (0, 0, 1, 1), (0.8, 0.8, 1, 1)],
    )
    assert match_objects(moved, gold).tolist() == [1, 0, -1, -1]


def test_without_regions_labels_decide():
    gold = graph(["cup", "cup"], [], [(0, 0, 0.2, 0.2), (0.5, 0, 0.7, 0.2)])
    words = graph(["cup", "mug", "sofa"], [])
    assert sorted(match_objects(words, gold).tolist()) in ([-1, -1, 0], [-1, -1, 1])
    matched = match_objects(words, gold, synonyms={"mug": "cup"})
    assert sorted(matched[:2].tolist()) == [0, 1]
    assert match_objects(graph([], []), gold).tolist() == []


def test_iou_equals_area_of_overlap():
    boxes = np.array([[0.0, 0.0, 2.0, 1.0], [np.nan] * 4])
    iou = region_iou(boxes, np.array([[1.0, 0.0, 3.0, 1.0], [5.0, 5.0, 6.0, 6.0]]))
    np.testing.assert_allclose(iou, [[1 / 3, 0.0], [np.nan, np.nan]])


def test_visible_part_keeps_relations_among_the_kept():
    whole = graph(
        ["a", "b", "c"],
        [(0, "behind", 1), (2, "behind", 0), (1, "on", 2)],
        visibility=[0.2, 0.9, None],
    )
    part, kept = visible_part(whole, 0.3)
    assert kept == [1, 2]
    assert part.triplets() == [("b", "on", "c")]
    assert subgraph(whole, [2, 0]).triplets() == [("c", "behind", "a")]


def test_hidden_objects_are_not_judged_but_invented_ones_are():
    gold = graph(["a", "b", "c"], [(0, "on", 1), (2, "on", 1)], visibility=[0.9, 0.8, 0.1])
    predicted = graph(["b", "a", "c", "x"], [(1, "on", 0), (2, "behind", 0), (3, "on", 0)])
    counts = visible_counts(predicted, gold, [1, 0, 2, -1], 0.3)
    assert counts == TripletCounts(shared=1, predicted=2, reference=1)


def test_corpus_counts_add_up():
    assert total([TripletCounts(1, 2, 3), TripletCounts(4, 5, 6)]) == TripletCounts(5, 7, 9)
    assert total([]) == TripletCounts()
    assert math.isnan(total([]).f1)


def test_five_hundred_graphs_take_seconds():
    generator = np.random.default_rng(0)
    pairs = {(int(i), "behind", int(j)) for i, j in generator.integers(0, 8, (60, 2)) if i != j}
    one = graph(
        [f"thing {k}" for k in range(8)], pairs, [(k / 9, 0, k / 9 + 0.1, 1) for k in range(8)]
    )
    start = time.process_time()
    counts = total(object_counts(one, one, match_objects(one, one)) for _ in range(500))
    assert counts.recall == counts.precision == 1
    assert time.process_time() - start < 5
