"""Graphs to tags and back."""

import numpy as np
import pytest

from spatial_dual.scene.graph import INVERSE_PREDICATE, Relation, SceneGraph, SceneObject
from spatial_dual.scene.layout import GEOMETRY_BINS, bins_to_geometry, geometry_to_bins
from spatial_dual.scene.tensors import EMPTY, GraphCodec
from spatial_dual.scene.vocabulary import Vocabulary

GRAPH = SceneGraph(
    objects=(
        SceneObject(label="cup", attributes=("red", "small"), region=(0.1, 0.2, 0.3, 0.5)),
        SceneObject(label="table", attributes=("wooden",), distance=2.0),
        SceneObject(label="man", attributes=("happy",)),
    ),
    relations=(
        Relation(subject=0, predicate="on", object=1),
        Relation(subject=1, predicate="to the left of", object=2, source="text"),
        Relation(subject=2, predicate="holds", object=0, source="text"),
    ),
    place="kitchen",
)


def facts(graph: SceneGraph) -> set[tuple[str, str, str]]:
    """Triplets with the converses written out."""
    stated = set(graph.triplets())
    return stated | {(o, INVERSE_PREDICATE[p], s) for s, p, o in stated if p in INVERSE_PREDICATE}


@pytest.fixture
def codec() -> GraphCodec:
    return GraphCodec(Vocabulary.from_graphs([GRAPH]), slots=4)


@pytest.mark.parametrize("order", [(0, 1, 2, EMPTY), (2, EMPTY, 0, 1), (1, 0, 2)])
def test_round_trip_keeps_every_fact_in_any_slot_order(
    codec: GraphCodec, order: tuple[int, ...]
) -> None:
    back = codec.decode(codec.encode([GRAPH], [order]))[0]
    assert facts(back) == facts(GRAPH)
    assert back.place == "kitchen"
    by_label = {o.label: o for o in back.objects}
    assert by_label["cup"].attributes == ("red", "small")
    assert by_label["man"].attributes == ("happy",)
    assert by_label["cup"].region == pytest.approx((0.1, 0.2, 0.3, 0.5), abs=0.08)
    assert by_label["table"].distance == pytest.approx(2.0, rel=0.1)
    assert by_label["man"].region is None


def test_objects_beyond_the_slots_and_their_relations_are_left_out(codec: GraphCodec) -> None:
    small = GraphCodec(codec.vocabulary, slots=2)
    assert small.decode(small.encode([GRAPH]))[0].triplets() == [("cup", "on", "table")]


def test_unknown_words_become_not_stated() -> None:
    codec = GraphCodec(Vocabulary.from_graphs([GRAPH]), slots=2)
    other = SceneGraph(objects=(SceneObject(label="zebra", attributes=("mauve",)),))
    tensors = codec.encode([other])
    assert tensors.labels.sum() == 0
    assert tensors.attributes.sum() == 0


def test_relations_of_empty_slots_are_ignored(codec: GraphCodec) -> None:
    tensors = codec.encode([GRAPH])
    tensors.relations[:] = True
    tensors.labels[0, 1:] = 0
    assert codec.decode(tensors)[0].relations == ()


def test_geometry_bins_round_trip_within_half_a_bin() -> None:
    bins = np.random.default_rng(0).integers(0, GEOMETRY_BINS + 1, size=(200, 5))
    geometry = bins_to_geometry(bins)
    geometry[:, 2:] = np.log(geometry[:, 2:])
    assert np.array_equal(geometry_to_bins(geometry), bins)


def test_vocabulary_round_trip_and_order_do_not_depend_on_reading_order() -> None:
    vocabulary = Vocabulary.from_graphs([GRAPH, SceneGraph(place="bar")])
    assert Vocabulary.from_dict(vocabulary.to_dict()) == vocabulary
    assert Vocabulary.from_graphs([SceneGraph(place="bar"), GRAPH]) == vocabulary
