"""Descriptions against gold graphs: known answers."""

import pytest

from spatial_dual.metrics.describe import (
    description_counts,
    description_figures,
    grammatical,
    text_figures,
)
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
    stated = stated_graphs(texts, LexiconParser())
    counts = [description_counts(graph, GOLD) for graph in stated]
    return description_figures(counts) | text_figures(texts, stated)


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
    assert found["precision"] == plain
    assert found["attributed"]["precision"] == attributed


def test_recall_is_of_all_that_is_true():
    half = score("a green cup on a table")
    assert (half["recall"], half["f1"]) == (1 / 2, pytest.approx(2 / 3))
    assert half["attributed"]["recall"] == 0
    full = score("a red cup on a table, and a green ball is under the blue table")
    assert full["recall"] == full["attributed"]["recall"] == full["f1"] == 1


def test_what_is_true_once_is_right_once():
    """The scene has one cup on a table, whatever a text repeats."""
    twice = score("a cup on a table, and a cup is on a table")
    assert (twice["precision"], twice["recall"]) == (1 / 2, 1 / 2)


def test_precision_counts_triplets_not_texts():
    found = score("a cup on a table, and a ball is under the table", "a ball on a cup")
    assert found["precision"] == pytest.approx(2 / 3)
    assert found["recall"] == 2 / 4
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
