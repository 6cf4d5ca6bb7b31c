"""Descriptions against gold graphs: known answers."""

import pytest

from spatial_dual.metrics.describe import description_figures, grammatical
from spatial_dual.metrics.statements import stated_graphs
from spatial_dual.parsing.lexicon_parser import LexiconParser
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject

GOLD = SceneGraph(
    objects=(
        SceneObject(label="cup", attributes=("red", "plain")),
        SceneObject(label="table", attributes=("blue",)),
        SceneObject(label="ball", attributes=("green",)),
    ),
    relations=(
        Relation(subject=0, predicate="on", object=1),
        Relation(subject=2, predicate="under", object=1),
    ),
)


def score(*texts):
    return description_figures(texts, stated_graphs(texts, LexiconParser()), [GOLD] * len(texts))


@pytest.mark.parametrize(
    ("text", "plain", "attributed"),
    [
        ("a red cup on a table", 1, 1),
        ("a green cup on a table", 1, 0),
        ("a cup under a table", 0, 0),
        ("a table on a cup", 0, 0),
        ("a cup is on a table, and a ball is behind the table", 0.5, 0.5),
    ],
)
def test_precision_of_triplets(text, plain, attributed):
    found = score(text)
    assert found["triplet_precision"] == plain
    assert found["attributed_triplet_precision"] == attributed


def test_precision_counts_triplets_not_texts():
    found = score("a cup on a table, and a ball is under the table", "a ball on a cup")
    assert found["triplet_precision"] == pytest.approx(2 / 3)
    assert found["relations_stated"] == 1.5
    assert found["distinct"] == 1


def test_same_texts_are_not_distinct():
    assert score("a cup on a table", "a cup on a table")["distinct"] == 0.5


def test_text_outside_the_grammar_is_parsed_and_not_grammatical():
    text = "The cup stands on that table."
    assert stated_graphs([text], LexiconParser())[0].triplets() == [("cup", "on", "table")]
    assert grammatical([text, "a cup on a table"]) == 0.5


def test_relations_that_geometry_cannot_judge_are_left_out():
    assert score("a dog holds a ball")["relations_stated"] == 0
