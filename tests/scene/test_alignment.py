"""Matching of initial graphs to gold graphs."""

from itertools import permutations

import numpy as np
import pytest

from spatial_dual.scene.alignment import match_objects, random_slots, slot_orders
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject
from spatial_dual.scene.tensors import EMPTY, GraphCodec
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


def test_partners_share_a_slot_and_nothing_that_was_stated_is_left_out() -> None:
    said = SceneGraph(
        objects=(
            SceneObject(label="zebra"),
            SceneObject(label="table"),
            SceneObject(label="cup", attributes=("blue",)),
        )
    )
    for slots, left in ((6, {0, 1, 2, 3}), (3, {0, 1, 2})):  # of the others the nearest stays
        initial, gold = slot_orders(said, GOLD, slots)
        assert initial == random_slots(said, slots)
        assert sorted(initial) == [EMPTY] * (slots - 3) + [0, 1, 2]
        assert {n for n in gold if n != EMPTY} == left
        assert (gold[initial.index(1)], gold[initial.index(2)]) == (2, 1)
    assert slot_orders(said, GOLD, 3)[1][random_slots(said, 3).index(0)] == 0


def perceived(draw: np.random.Generator) -> tuple[SceneGraph, SceneGraph]:
    """A gold graph, and detections of some of its objects among others that are false."""
    words = [SceneObject(label=f"thing {n}", distance=1.0 + n) for n in draw.permutation(20)]
    gold, false = words[: draw.integers(2, 6)], words[10 : 10 + draw.integers(1, 3)]
    seen = [*gold[: draw.integers(1, len(gold) + 1)], *false]
    return (
        SceneGraph(objects=tuple(seen[n] for n in draw.permutation(len(seen)))),
        SceneGraph(objects=tuple(gold)),
    )


def test_a_probe_that_sees_slot_numbers_tells_true_detections_from_false_by_chance() -> None:
    draw = np.random.default_rng(0)
    slots, truth, rank = [], [], []
    for _ in range(3000):
        initial, gold = perceived(draw)
        first, second = slot_orders(initial, gold, slots=6)
        for slot, item in enumerate(first):
            if item != EMPTY:
                slots.append(slot)
                truth.append(
                    second[slot] != EMPTY
                    and gold.objects[second[slot]].label == initial.objects[item].label
                )
                rank.append(item / len(initial.objects))
    at, found = np.array(slots), np.array(truth)
    shares = np.array([found[at == slot].mean() for slot in range(6)])
    spread = np.sqrt(found.mean() * (1 - found.mean()) / (len(at) / 6))
    assert np.abs(shares - found.mean()).max() < 4 * spread
    # nor when a caption names an object
    assert abs(np.corrcoef(at, rank)[0, 1]) < 4 / np.sqrt(len(at))


def test_slots_of_the_other_gold_objects_say_nothing_of_their_distance() -> None:
    draw = np.random.default_rng(1)
    slots, distances = [], []
    for _ in range(2000):
        initial, gold = perceived(draw)
        first, second = slot_orders(initial, gold, slots=6)
        for slot, item in enumerate(second):
            if item != EMPTY and first[slot] == EMPTY:
                slots.append(slot)
                distances.append(gold.objects[item].distance)
    assert abs(np.corrcoef(slots, distances)[0, 1]) < 4 / np.sqrt(len(slots))


def test_views_hold_equal_objects_in_equal_slots() -> None:
    said = SceneGraph(objects=(SceneObject(label="table"),))
    codec = GraphCodec(Vocabulary.from_graphs([GOLD]), slots=5)
    views = aligned_views([GOLD, GOLD], [GOLD, SceneGraph()], [[said], [said, GOLD]], codec, 2)
    assert views["gold_labels"].shape == (2, 3, 5)
    stated = views["initial_labels"] > 0
    assert np.array_equal(views["initial_labels"][stated], views["gold_labels"][stated])
    assert stated.sum(axis=2).tolist() == [[4, 1, 1], [0, 1, 4]]
    assert (views["gold_labels"] > 0).sum(axis=2).tolist() == [[4, 4, 4], [4, 4, 4]]
