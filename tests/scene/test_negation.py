"""What a text denies, and the alternatives it leaves open, in graphs and in tensors."""

import pytest

from spatial_dual.metrics.draw import wanted_objects
from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.spice import Spice
from spatial_dual.metrics.statements import true_relations
from spatial_dual.metrics.synonyms import LexiconSynonyms
from spatial_dual.models.faithfulness import faithfulness, share_shown
from spatial_dual.scene.graph import (
    SPATIAL_PREDICATES,
    GraphFormatError,
    Relation,
    SceneGraph,
    SceneObject,
)
from spatial_dual.scene.tensors import GraphCodec
from spatial_dual.scene.truth import denials, geometric_relations, holds
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
    found = codec.decode(codec.encode([SOFA]))[0]
    assert [item.label for item in found.objects] == ["sofa", "cat"]
    assert set(found.triplets()) == {("cat", "behind", "sofa"), ("sofa", "in front of", "cat")}


def test_in_a_given_order_the_slots_of_others_stay() -> None:
    codec = GraphCodec(Vocabulary.from_graphs([SOFA]), slots=4)
    tensors = codec.encode([SOFA], [[1, 2, 0, 3]])
    assert (tensors.labels[0] > 0).tolist() == [False, True, True, False]


def same(stated: SceneObject, shown: SceneObject) -> bool:
    return stated.label == shown.label


def shown(*facts: tuple[str, str, str], alone: tuple[str, ...] = ()) -> SceneGraph:
    labels = [*(label for s, _, o in facts for label in (s, o)), *alone]
    return SceneGraph(
        objects=tuple(SceneObject(label=label) for label in labels),
        relations=tuple(
            Relation(subject=2 * k, predicate=p, object=2 * k + 1, source="depth")
            for k, (_, p, _) in enumerate(facts)
        ),
    )


def test_denials_are_kept_or_broken_by_what_is_seen() -> None:
    assert denials(SOFA, shown(("dog", "on", "sofa")), same) == [False]
    assert denials(SOFA, shown(("dog", "under", "sofa")), same) == [True]
    room = SceneGraph(objects=(SceneObject(label="window", negated=True),))
    assert denials(room, shown(alone=("window",)), same) == [False]
    assert denials(room, shown(alone=("door",)), same) == [True]


def test_any_alternative_makes_a_relation_right() -> None:
    relation = next(geometric_relations(SOFA))
    assert holds(relation, SOFA, shown(("fox", "behind", "sofa")), same)
    assert not holds(relation, SOFA, shown(("dog", "behind", "sofa")), same)


def test_judge_and_choice_of_drawings_count_violations() -> None:
    right, wrong = shown(("cat", "behind", "sofa")), shown(("dog", "on", "sofa"))
    assert true_relations(SOFA, right, same) == Share(2, 2)
    assert true_relations(SOFA, wrong, same) == Share(0, 2)
    assert share_shown(SOFA, right) == 1.0
    assert share_shown(SOFA, wrong) < share_shown(SOFA, shown(alone=("dog", "sofa")))
    assert [item and item.label for item in wanted_objects(SOFA, right)] == [None, None]


def test_a_description_that_denies_what_is_seen_is_less_faithful() -> None:
    plain = SOFA.model_copy(update={"relations": SOFA.relations[1:], "alternatives": ()})
    both = shown(("cat", "behind", "sofa"), ("dog", "on", "sofa"))
    assert faithfulness(SOFA, both)[0] < faithfulness(SOFA, shown(("cat", "behind", "sofa")))[0]
    assert faithfulness(plain, shown(("cat", "behind", "sofa")))[0] == 0.5


def test_spice_does_not_take_a_denial_for_a_statement() -> None:
    spice = Spice(LexiconSynonyms())
    denied = SceneGraph(objects=SOFA.objects[:2], relations=SOFA.relations[:1])
    stated = shown(("dog", "on", "sofa"))
    assert spice.compare(denied, [denied]).f1 == 1.0
    assert spice.compare(denied, [stated]).matched == 1  # the sofa


def test_words_of_what_is_denied_need_not_be_known() -> None:
    assert Vocabulary(("sofa", "cat", "fox"), {}, ("behind",), ()).unknown(SOFA) == []


def test_denials_are_labels_and_bits_of_slots() -> None:
    """There is no dog in any slot; that the cat is not on the sofa is of one pair, in any order."""
    graph = SceneGraph(
        objects=(*SOFA.objects[:3], SceneObject(label="cat", negated=True)),
        relations=(Relation(subject=2, predicate="on", object=0, source="text", negated=True),),
    )
    codec = GraphCodec(Vocabulary(("sofa", "cat", "dog"), {}, SPATIAL_PREDICATES, ()), slots=3)
    on = {state: n for n, state in enumerate(codec.states)}
    for order, reverse in (([2, 0], False), ([0, 2], True)):
        labels, bits = codec.encode_denials([graph], [order])
        denied = [codec.vocabulary.labels[n - 1] for n in labels[0].nonzero()[0]]
        assert denied == ["dog"]  # there is another cat
        assert bits[0].nonzero()[0].tolist() == [0]
        assert bits[0].nonzero()[1].tolist() == [on["on", reverse]]
        assert not codec.encode([graph], [order]).relations.any()
