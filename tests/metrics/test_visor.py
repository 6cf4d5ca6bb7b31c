import math

from spatial_dual.metrics.agreement import attribute_agreement
from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.visor import SpatialAccuracy, judge_drawings
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject
from spatial_dual.scene.truth import same_label_and_colour


def graph(labels: str, *relations: tuple[int, str, int]) -> SceneGraph:
    return SceneGraph(
        objects=tuple(
            SceneObject(label=text.split()[-1], attributes=tuple(text.split()[:-1]))
            for text in labels.split("; ")
        ),
        relations=tuple(Relation(subject=s, predicate=p, object=o) for s, p, o in relations),
    )


def figures(stated, *drawn):
    verdicts = judge_drawings(stated, drawn, same_label_and_colour)
    return SpatialAccuracy(tuple(verdicts)).figures()


ASKED = graph("red cup; box", (0, "on", 1))


def test_right_wrong_and_missing():
    found = figures(
        ASKED,
        graph("red cup; box", (0, "on", 1)),
        graph("red cup; box", (1, "on", 0)),
        graph("blue cup; box", (0, "on", 1)),
        graph("box"),
    )
    assert found["object_presence"] == 0.5
    assert found["conditional"] == 0.5
    assert found["unconditional"] == 0.25
    assert found["at_least"] == {"1": 1.0, "2": 0.0, "3": 0.0, "4": 0.0}
    assert found["by_predicate"] == {
        "on": {"object_presence": 0.5, "conditional": 0.5, "unconditional": 0.25}
    }


def test_two_of_a_kind_need_two_things():
    asked = graph("box; box", (0, "next to", 1))
    assert figures(asked, graph("box"))["object_presence"] == 0
    assert figures(asked, graph("box; box"))["object_presence"] == 1


def test_presence_is_never_below_unconditional():
    found = figures(graph("cup; box", (0, "on", 1)), graph("cup; box", (0, "on", 1)))
    assert found["unconditional"] <= found["object_presence"] == 1


def test_no_relation_gives_no_figure():
    found = figures(graph("cup"), graph("cup"))
    assert math.isnan(found["unconditional"])
    assert found["by_predicate"] == {}


def test_attributes_must_be_on_their_object():
    stated = graph("red cup; striped box; small table")
    seen = graph("striped cup; striped box; table")
    assert attribute_agreement(stated, seen, ("colour", "material")) == Share(1, 2)
    assert attribute_agreement(stated, seen, ("size",)) == Share(0, 1)
