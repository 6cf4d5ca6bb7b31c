"""The description that its own 3DSG bears out best is kept."""

from spatial_dual.models.faithfulness import faithfulness, most_faithful
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


def test_true_goes_before_false_more_before_less_and_the_first_before_equals() -> None:
    ranked = [MORE, TRUE, WRONG_COLOUR, HALF_TRUE, FALSE]
    for n, text in enumerate(ranked):
        for worse in ranked[n + 1 :]:
            assert most_faithful([[worse, text]], [GRAPH], LexiconParser()) == [text]
    assert most_faithful([[FALSE, NOTHING]], [GRAPH], LexiconParser()) == [FALSE]


def test_each_graph_chooses_among_its_own() -> None:
    empty = SceneGraph(objects=(), relations=())
    chosen = most_faithful([[FALSE, TRUE], [TRUE, FALSE]], [GRAPH, empty], LexiconParser())
    assert chosen == [TRUE, TRUE]
