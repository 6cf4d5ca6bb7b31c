"""What a text denies, and the alternatives it leaves open, in graphs and in tensors."""

import pytest

from spatial_dual.scene.graph import GraphFormatError, Relation, SceneGraph, SceneObject
from spatial_dual.scene.tensors import GraphCodec
from spatial_dual.scene.vocabulary import Vocabulary

SOFA = SceneGraph(
    objects=(
        SceneObject(label="sofa"),
        SceneObject(label="dog", negated=True),
        SceneObject(label="cat"),
        SceneObject(label="fox"),
    ),
    relations=(
        Relation(subject=1, predicate="on", object=0, source="text", negated=True),
        Relation(subject=2, predicate="behind", object=0, source="text"),
    ),
    alternatives=((2, 3),),
    notes=("sofaa: read as sofa",),
)


def test_what_is_denied_is_no_triplet() -> None:
    assert SOFA.triplets() == [("cat", "behind", "sofa")]
    assert SOFA.negated_triplets() == [("dog", "on", "sofa")]
    assert SOFA.left_out() == {1, 3}


def test_json_gives_the_graph_back() -> None:
    assert SceneGraph.from_json(SOFA.to_json()) == SOFA


def test_graphs_that_deny_nothing_are_written_as_before() -> None:
    plain = SceneGraph(
        objects=(SceneObject(label="cup"), SceneObject(label="table")),
        relations=(Relation(subject=0, predicate="on", object=1),),
    )
    assert plain.to_json() == (
        '{"schema_version": 1, "objects": [{"label": "cup", "attributes": []}, {"label": "table", '
        '"attributes": []}], "relations": [{"subject": 0, "predicate": "on", "object": 1, '
        '"source": "gold"}]}'
    )
    assert SceneGraph.from_json(plain.to_json()) == plain


@pytest.mark.parametrize("group", ["[0]", "[0, 9]", "[1, 1]"])
def test_alternatives_are_two_or_more_objects(group: str) -> None:
    objects = '"objects": [{"label": "a"}, {"label": "b"}]'
    text = f'{{"schema_version": 1, {objects}, "alternatives": [{group}]}}'
    with pytest.raises(GraphFormatError, match=r"\$\.alternatives\[0\]"):
        SceneGraph.from_json(text)


def test_tensors_hold_neither_absent_things_nor_second_alternatives() -> None:
    codec = GraphCodec(Vocabulary.from_graphs([SOFA]), slots=4)
    shown = codec.decode(codec.encode([SOFA]))[0]
    assert [item.label for item in shown.objects] == ["sofa", "cat"]
    assert set(shown.triplets()) == {("cat", "behind", "sofa"), ("sofa", "in front of", "cat")}


def test_in_a_given_order_the_slots_of_others_stay() -> None:
    codec = GraphCodec(Vocabulary.from_graphs([SOFA]), slots=4)
    tensors = codec.encode([SOFA], [[1, 2, 0, 3]])
    assert (tensors.labels[0] > 0).tolist() == [False, True, True, False]
