from typing import Any

import pytest

from spatial_dual.datasets.graphs.caption_sets import CaptionSet
from spatial_dual.metrics.caption_sets import figures_of
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject


def graph(predicate: str, *labels: str, attributes: tuple[str, ...] = ()) -> SceneGraph:
    objects = [SceneObject(label=label) for label in labels]
    objects[0] = SceneObject(label=labels[0], attributes=attributes)
    relation = Relation(subject=0, predicate=predicate, object=1, source="text")
    return SceneGraph(objects=tuple(objects), relations=(relation,))


def annotated(form: Any, *triplets: tuple[str, str, str]) -> CaptionSet:
    labels = sorted({end for s, _, o in triplets for end in (s, o)})
    return CaptionSet(form, ["a caption"], [list(triplets)], [[]], [labels])


def test_facts_are_counted_by_kind() -> None:
    found = graph("on", "cup", "table", attributes=("red",))
    figures = figures_of(annotated("graphs", ("cup", "on", "table")), [found])
    assert figures["relations"]["f1"] == figures["objects"]["f1"] == 1
    assert figures["attributes"]["precision"] == 0
    assert figures["tuples"]["precision"] == 0.5
    assert figures["tuples"]["set_match"] == 0
    assert figures["errors"] == {"attribute too many": 1}
    assert figures["examples"] == {"attribute too many": ["a caption — cup red"]}


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        (graph("under", "cup", "table"), "another predicate"),
        (graph("on", "table", "cup"), "turned round"),
        (graph("on", "cup", "desk"), "an end has another name"),
    ],
)
def test_missed_relations_have_a_class(found: SceneGraph, missed: str) -> None:
    errors = figures_of(annotated("graphs", ("cup", "on", "table")), [found])["errors"]
    assert errors[f"relation missed: {missed}"] == errors["relation too many"] == 1


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("on top of", "on"), ("sit on", "on"), ("hold", "holds"), ("behind", "behind")],
)
def test_factual_is_put_in_our_words(theirs: str, ours: str) -> None:
    figures = figures_of(annotated("factual", ("cat", theirs, "mat")), [graph(ours, "cat", "mat")])
    assert figures["relations"]["f1"] == 1


def test_pictures_tell_recall_alone() -> None:
    figures = figures_of(
        annotated("pictures", ("the two cats", "behind", "sofa")),
        [graph("in front of", "sofa", "cat")],
    )
    assert figures["strict_recall"] == 0
    assert figures["recall_with_inverses"] == 1
    assert "precision" not in figures
