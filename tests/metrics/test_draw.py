"""Drawings under the judge: known answers."""

import math

import pytest

from spatial_dual.metrics.draw import (
    DrawingCounts,
    drawing_figures,
    objects_in_place,
    objects_seen,
    visible_wanted_objects,
    wanted_objects,
)
from spatial_dual.metrics.shares import Share
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject

LEFT, RIGHT = (0.1, 0.4, 0.4, 0.7), (0.6, 0.4, 0.9, 0.7)


def thing(label, *attributes, region=None, visibility=None):
    return SceneObject(label=label, attributes=attributes, region=region, visibility=visibility)


def graph(*objects, relations=()):
    facts = tuple(Relation(subject=s, predicate=p, object=o) for s, p, o in relations)
    return SceneGraph(objects=objects, relations=facts)


STATED = graph(thing("cup", "red"), thing("ball"), relations=[(0, "to the left of", 1)])
PLAN = graph(
    thing("ball", "blue", "striped", region=RIGHT),
    thing("cup", "green", region=LEFT),
    relations=[(1, "to the left of", 0)],
)
RIGHT_PICTURE = graph(
    thing("cup", "red", "plain", region=LEFT),
    thing("ball", "blue", region=RIGHT),
    relations=[(0, "to the left of", 1)],
)


def test_stated_colour_goes_before_the_planned_one():
    cup, ball = wanted_objects(STATED, PLAN)
    assert (cup.label, cup.attributes, cup.region) == ("cup", ("red",), LEFT)
    assert (ball.label, ball.attributes, ball.region) == ("ball", ("blue",), RIGHT)


def test_object_that_the_plan_lost_is_missing():
    wanted = wanted_objects(STATED, graph(PLAN.objects[0]))
    assert wanted[0] is None
    assert objects_in_place(wanted, RIGHT_PICTURE) == Share(1, 2)


def test_hidden_gold_objects_are_not_asked_for():
    gold = graph(
        thing("cup", "red", region=LEFT, visibility=0.1),
        thing("ball", region=RIGHT, visibility=0.9),
    )
    assert [item.label for item in visible_wanted_objects(STATED, gold)] == ["ball"]


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (thing("cup", "red", region=LEFT), 1),
        (thing("cup", "red", region=(0.2, 0.5, 0.3, 0.6)), 1),  # small, but inside
        (thing("cup", "red", region=(0.1, 0.0, 0.4, 0.7)), 1),  # centre outside, IoU 0.43
        (thing("cup", "red", region=RIGHT), 0),
        (thing("cup", "blue", region=LEFT), 0),
        (thing("ball", "red", region=LEFT), 0),
    ],
)
def test_class_colour_and_place_must_agree(seen, found):
    wanted = [thing("cup", "red", region=LEFT)]
    assert objects_in_place(wanted, graph(seen)) == Share(found, 1)


def test_one_seen_object_counts_once():
    twice = [thing("cup", "red", region=LEFT)] * 2
    assert objects_in_place(twice, graph(thing("cup", "red", region=LEFT))) == Share(1, 2)


def test_whole_regions_are_cut_to_the_picture():
    wanted = [thing("table", region=(-3.0, 0.5, 0.5, 1.0))]
    seen = graph(thing("table", region=(0.0, 0.5, 0.4, 1.0)))
    assert objects_in_place(wanted, seen) == Share(1, 1)


def figures(drawn, bound=RIGHT_PICTURE, stated=STATED, plan=PLAN):
    return drawing_figures(
        [DrawingCounts.of(stated, plan, drawn)], [DrawingCounts.of(stated, plan, bound)]
    )


def test_right_picture_reaches_the_upper_bounds():
    found = figures(RIGHT_PICTURE)
    assert found["object_accuracy"] == found["object_accuracy_upper"] == 1
    assert found["relation_accuracy"] == found["relation_accuracy_upper"] == 1
    assert found["objects_in_place"] == 1


def test_the_bound_asks_the_same_text_of_another_picture():
    """The gold picture shows the cup alone: no drawing is asked for more than it could show."""
    found = figures(RIGHT_PICTURE, bound=graph(thing("cup", "red", region=LEFT)))
    assert (found["object_accuracy"], found["object_accuracy_upper"]) == (1, 1 / 2)
    assert (found["relation_accuracy"], found["relation_accuracy_upper"]) == (1, 0)


def test_wrong_colours_score_nothing():
    wrong = graph(
        thing("cup", "white", region=LEFT),
        thing("lamp", "white", region=RIGHT),
        relations=[(0, "to the left of", 1)],
    )
    found = figures(wrong)
    assert found["object_accuracy"] == found["objects_in_place"] == 0
    assert found["relation_accuracy"] == 0
    assert found["object_accuracy_upper"] == 1


def test_an_object_counts_wherever_it_is_seen_and_once():
    apart = graph(thing("cup", "red", region=RIGHT))
    assert objects_seen(STATED, apart) == Share(1, 2)
    twice = graph(thing("cup", "red"), thing("cup", "red"))
    assert objects_seen(twice, apart) == Share(1, 2)
    assert objects_seen(STATED, graph()) == Share(0, 2)
    found = figures(apart)
    assert (found["object_accuracy"], found["objects_in_place"]) == (1 / 2, 0)


def test_denied_objects_are_not_asked_for_and_of_alternatives_any_will_do():
    cup, ball, lamp = thing("cup"), thing("ball"), thing("lamp")
    without = graph(cup, ball.model_copy(update={"negated": True}))
    assert objects_seen(without, graph(thing("cup"))) == Share(1, 1)
    either = graph(cup, ball, lamp).model_copy(update={"alternatives": ((1, 2),)})
    assert objects_seen(either, graph(thing("cup"), thing("lamp"))) == Share(2, 2)


def test_objects_without_their_relation():
    apart = RIGHT_PICTURE.model_copy(update={"relations": ()})
    found = figures(apart)
    assert found["object_accuracy"] == 1
    assert found["relation_accuracy"] == 0


def test_nothing_stated_is_no_number():
    empty = SceneGraph()
    nothing = figures(empty, bound=empty, stated=empty, plan=empty)
    assert math.isnan(nothing["object_accuracy"])
    assert math.isnan(nothing["relation_accuracy"])
