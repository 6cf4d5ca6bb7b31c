import pytest

from spatial_dual.metrics.parsing import (
    STRICT,
    Matching,
    agreement,
    caption_recall,
    error_class,
    facts,
    head_word,
)
from spatial_dual.metrics.synonyms import LexiconSynonyms
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject

LOOSE = Matching(inverses=True, synonyms=LexiconSynonyms())


def graph(subject, predicate, ground, attributes=()):
    return SceneGraph(
        objects=(SceneObject(label=subject, attributes=attributes), SceneObject(label=ground)),
        relations=(Relation(subject=0, predicate=predicate, object=1, source="text"),),
    )


@pytest.mark.parametrize(
    ("phrase", "head"),
    [("two men", "man"), ("Bottles of sauce", "bottle"), ("men standing", "man"), ("bed", "bed")],
)
def test_head_word(phrase, head):
    assert head_word(phrase) == head


@pytest.mark.parametrize(
    ("found", "strict", "loose"),
    [
        (("cat", "behind", "sofa"), True, True),
        (("sofa", "in front of", "cat"), False, True),
        (("cat", "behind", "couch"), False, True),
        (("couch", "in front of", "cat"), False, True),
        (("sofa", "behind", "cat"), False, False),
        (("cat", "on", "sofa"), False, False),
    ],
)
def test_matching(found, strict, loose):
    gold = ("cat", "behind", "sofa")
    assert STRICT.agree(found, gold) is strict
    assert LOOSE.agree(found, gold) is loose


def test_on_and_in_have_no_inverse():
    assert not LOOSE.agree(("table", "under", "cup"), ("cup", "on", "table"))


def test_caption_recall_asks_for_one_triplet_by_head_words():
    graphs = [graph("water bottle", "on", "table"), graph("cat", "on", "sofa")]
    gold = [{("bottle", "on", "table"), ("x", "on", "y")}, {("cat", "in", "sofa")}]
    assert caption_recall(graphs, gold).value == 0.5


def test_agreement_counts_tuples():
    found = [facts(graph("cat", "on", "sofa", ("black",)))]
    gold = [facts(graph("cat", "on", "sofa", ("white",)))]
    assert found[0].total() == 2
    result = agreement(found, gold)
    assert (result.precision.value, result.recall.value, result.f1) == (0.5, 0.5, 0.5)
    assert result.set_match.value == 0
    assert agreement(gold, gold).f1 == agreement(gold, gold).set_match.value == 1


def test_a_lone_object_is_a_fact():
    assert facts(SceneGraph(objects=(SceneObject(label="pole"),))) == {("pole",): 1}


@pytest.mark.parametrize(
    ("caption", "triplet", "expected"),
    [
        ("a cat on a sofa", ("cat", "on", "sofa"), ""),
        ("a dog on a sofa", ("dog", "on", "sofa"), "ends not named"),
        ("a cat under a sofa", ("cat", "under", "sofa"), "predicate not stated"),
        ("a cat on a sofa", ("cat", "on", "table"), "relation not read"),
    ],
)
def test_error_class(caption, triplet, expected):
    gold = {("cat", "on", "sofa")}
    found = graph(*triplet) if expected != "relation not read" else SceneGraph()
    assert error_class(caption, found, gold) == expected


def test_inverse_is_an_error_class_of_its_own():
    found = graph("sofa", "in front of", "cat")
    gold = {("cat", "behind", "sofa")}
    assert error_class("a sofa in front of a cat", found, gold) == "inverse stated"
