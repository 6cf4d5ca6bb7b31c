"""The description that its own 3DSG bears out best, the drawing that shows most, are kept."""

import math

from spatial_dual.models.faithfulness import (
    best_borne_out,
    faithfulness,
    most_faithful_drawings,
    share_shown,
)
from spatial_dual.parsing.lexicon_parser import LexiconParser
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject

GRAPH = SceneGraph(
    objects=(
        SceneObject(label="cup", attributes=("red",)),
        SceneObject(label="table", attributes=("blue",)),
        SceneObject(label="lamp"),
    ),
    relations=(
        Relation(subject=0, predicate="on", object=1),
        Relation(subject=2, predicate="behind", object=1),
        Relation(subject=1, predicate="in front of", object=2),
    ),
)
TRUE = "a red cup is on a blue table"
HALF_TRUE = "a red cup is on a blue table and in front of a lamp"
FALSE = "a red cup is under a blue table"
MORE = "a red cup is on a blue table, and a lamp is behind the table"
WRONG_COLOUR = "a green cup is on a blue table"
NOTHING = "cup cup the"


def score(text: str) -> tuple[float, float]:
    return faithfulness(LexiconParser().parse([text])[0], GRAPH)


def test_score_by_hand() -> None:
    assert score(TRUE) == (1 / 2, 1 / 2)
    assert score(MORE) == (2 / 3, 2 / 3)
    assert score(HALF_TRUE) == (1 / 3, 1 / 3)
    assert score(WRONG_COLOUR) == (1 / 2, 0)
    assert score(FALSE) == score(NOTHING) == (0, 0)


def best(texts: list[str], least_sure: list[float] | None = None) -> str:
    sureness = least_sure or [-0.1] * len(texts)
    return texts[best_borne_out(texts, sureness, [[GRAPH]], LexiconParser())[0]]


def test_true_goes_before_false_more_before_less_and_the_first_before_equals() -> None:
    ranked = [MORE, TRUE, WRONG_COLOUR, HALF_TRUE, FALSE]
    for n, text in enumerate(ranked):
        for worse in ranked[n + 1 :]:
            assert best([worse, text]) == text
    assert best([FALSE, NOTHING]) == FALSE


def test_a_text_with_a_word_that_its_writer_doubted_loses_what_little_it_says_more() -> None:
    doubts, sure = math.log(0.2), math.log(0.9)
    assert best([TRUE, MORE], [sure, doubts]) == TRUE
    assert best([TRUE, MORE], [doubts, sure]) == MORE
    assert best([FALSE, TRUE], [sure, math.log(0.5)]) == TRUE


def test_each_graph_chooses_among_its_own() -> None:
    empty = SceneGraph(objects=(), relations=())
    texts = [FALSE, TRUE, TRUE, FALSE]
    witnesses = [[GRAPH], [empty]]
    assert best_borne_out(texts, [0.0] * 4, witnesses, LexiconParser()) == [1, 0]


def test_what_both_graphs_bear_out_goes_before_what_one_does() -> None:
    objects = (SceneObject(label="lamp"), SceneObject(label="table"))
    by_depth = seen(*objects, relations=(Relation(subject=0, predicate="behind", object=1),))
    texts = ["a cup is on a table", "a lamp is behind a table"]
    for witnesses, kept in (([GRAPH], 0), ([GRAPH, by_depth], 1)):
        assert best_borne_out(texts, [0.0] * 2, [witnesses], LexiconParser()) == [kept]


def seen(*objects: SceneObject, relations: tuple[Relation, ...] = ()) -> SceneGraph:
    return SceneGraph(objects=objects, relations=relations)


CUP, TABLE = GRAPH.objects[:2]
ON = Relation(subject=0, predicate="on", object=1)
STATED = seen(CUP, TABLE, relations=(ON,))


def test_what_a_drawing_shows_of_its_text_by_hand() -> None:
    assert share_shown(STATED, STATED) == 1
    assert share_shown(STATED, seen(CUP, TABLE)) == 2 / 3
    assert share_shown(STATED, seen(SceneObject(label="cup"), TABLE)) == 1 / 3  # not red
    assert share_shown(STATED, seen()) == 0
    assert share_shown(seen(), STATED) == 1


def test_the_drawing_that_shows_most_is_chosen_of_each_text() -> None:
    views = [seen(CUP), STATED, seen(TABLE), seen(CUP)]
    assert most_faithful_drawings([STATED] * 4, views, 2) == [1, 0]
