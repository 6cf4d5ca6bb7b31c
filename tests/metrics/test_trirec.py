import math

from spatial_dual.metrics.round_trip import round_trip_figures, seen_again, told_again
from spatial_dual.metrics.spatial import TripletCounts
from spatial_dual.metrics.trirec import compare, trirec_figures
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject


def graph(labels: str, *relations: tuple[int, str, int], hidden: bool = False) -> SceneGraph:
    return SceneGraph(
        objects=tuple(
            SceneObject(
                label=word, region=(k / 4, 0, (k + 1) / 4, 1), visibility=0 if hidden else 1
            )
            for k, word in enumerate(labels.split())
        ),
        relations=tuple(
            Relation(subject=s, predicate=p, object=o, source="text") for s, p, o in relations
        ),
    )


ASKED = graph("cup box table", (0, "on", 1), (1, "behind", 2))


def test_converses_are_the_same_fact():
    turned = graph("table box", (0, "in front of", 1))
    assert compare(turned, [ASKED]) == TripletCounts(2, 2, 3)


def test_texts_about_one_picture_are_one_set():
    twice = [ASKED, graph("cup box", (0, "on", 1))]
    assert compare(ASKED, twice) == TripletCounts(3, 3, 3)


def test_verbs_are_not_spatial():
    assert compare(graph("man cup", (0, "holds", 1)), [ASKED]).predicted == 0


def test_corpus_figures_are_of_sums():
    found = trirec_figures([TripletCounts(1, 2, 4), TripletCounts(0, 0, 4)])
    assert found == {"recall": 1 / 8, "precision": 1 / 2, "f1": 2 / 10}
    assert math.isnan(trirec_figures([TripletCounts(0, 3, 0)])["recall"])


def test_told_again_in_other_words():
    description = graph("box table", (1, "in front of", 0))
    assert told_again(ASKED, description) == [("on", False), ("behind", True)]


def test_seen_again_between_the_same_objects():
    gold = graph("cup box", (0, "on", 1), (0, "behind", 1))
    assert seen_again(gold, graph("cup box", (0, "on", 1)), 0.3) == [
        ("on", True),
        ("behind", False),
    ]
    assert seen_again(gold, graph("box cup", (1, "on", 0)), 0.3)[0] == ("on", False)  # elsewhere
    assert seen_again(graph("cup box", (0, "on", 1), hidden=True), gold, 0.3) == []


def test_figures_by_predicate():
    found = round_trip_figures([[("on", True)], [("on", False), ("next to", True)]])
    assert found == {"relations": 2 / 3, "by_predicate": {"next_to": 1.0, "on": 0.5}}
