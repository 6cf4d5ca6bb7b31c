"""Image-plane relations of drawn rectangles."""

import numpy as np
import pytest

from spatial_dual.perception.regions import instance_regions
from spatial_dual.perception.visual_graph import lower_borders, visual_graph


def paint(*boxes, side=100):
    """Instances painted one over the other; boxes are (x0, y0, x1, y1) in pixels."""
    instances = np.zeros((side, side), dtype=np.uint8)
    for number, (x0, y0, x1, y1) in enumerate(boxes, start=1):
        instances[y0:y1, x0:x1] = number
    return instances


def words(first, second, labels=("thing", "thing")):
    graph = visual_graph(paint(second, first), labels[::-1])
    return tuple(
        {r.predicate for r in graph.relations if (r.subject, r.object) == ends}
        for ends in [(1, 0), (0, 1)]
    )


@pytest.mark.parametrize(
    ("first", "second", "labels", "forward", "backward"),
    [
        ((5, 40, 20, 60), (50, 40, 90, 60), None, {"to the left of"}, {"to the right of"}),
        ((40, 5, 60, 20), (40, 50, 60, 90), None, {"above"}, {"under"}),
        # within the top of what carries it; at its upper edge it may stand behind
        ((40, 30, 60, 60), (20, 50, 90, 90), None, {"on"}, set()),
        ((40, 30, 60, 50), (20, 50, 90, 90), None, set(), set()),
        # half of the base over the floor beside it
        ((10, 30, 30, 60), (22, 50, 90, 90), None, {"to the left of"}, {"to the right of"}),
        # deep in a container, on its rim, and before a thing that holds nothing
        ((45, 45, 55, 70), (30, 50, 70, 90), ("apple", "bowl"), {"in"}, set()),
        ((45, 45, 55, 55), (30, 50, 70, 90), ("apple", "bowl"), set(), set()),
        ((45, 45, 55, 70), (30, 50, 70, 90), None, {"on"}, set()),
        ((40, 40, 60, 60), (30, 40, 65, 60), None, set(), set()),
        ((5, 5, 20, 20), (70, 70, 90, 90), None, {"to the left of"}, {"to the right of"}),
    ],
)
def test_rectangles(first, second, labels, forward, backward):
    assert words(first, second, labels or ("thing", "thing")) == (forward, backward)


def test_only_visible_instances_become_objects():
    graph = visual_graph(
        paint((10, 10, 30, 30), (0, 0, 0, 0), (60, 60, 90, 80)),
        ["cup", "ghost", "ball"],
        attributes=[("red",), (), ("blue", "plain")],
        scores=[0.5, 0.1, 1.0],
        place="office",
    )
    assert [item.label for item in graph.objects] == ["cup", "ball"]
    assert graph.objects[1].region == (0.6, 0.6, 0.9, 0.8)
    assert graph.objects[1].attributes == ("blue", "plain")
    assert [item.confidence for item in graph.objects] == [0.5, 1.0]
    assert all(item.box is None for item in graph.objects)
    assert graph.place == "office"
    assert {relation.source for relation in graph.relations} == {"mask"}


def test_empty_picture_is_an_empty_graph():
    graph = visual_graph(np.zeros((8, 8), dtype=np.uint8), ["cup"])
    assert graph.objects == ()
    assert graph.relations == ()


def test_regions_equal_a_search_by_pixel():
    generator = np.random.default_rng(0)
    instances = generator.integers(0, 6, (13, 17)).astype(np.uint8)
    instances[instances == 4] = 0
    for number, region in enumerate(instance_regions(instances, 5), start=1):
        rows, columns = np.nonzero(instances == number)
        if not len(rows):
            assert region is None
            continue
        expected = (
            columns.min() / 17,
            rows.min() / 13,
            (columns.max() + 1) / 17,
            (rows.max() + 1) / 13,
        )
        assert region == pytest.approx(expected)


def test_lower_borders_equal_a_search_by_pixel():
    instances = np.random.default_rng(1).integers(0, 4, (11, 9)).astype(np.uint8)
    shares = lower_borders(instances, 3)
    for upper in range(1, 4):
        below = [
            int(instances[row + 1, column])
            for row in range(10)
            for column in range(9)
            if instances[row, column] == upper != instances[row + 1, column]
        ]
        for lower in range(1, 4):
            assert shares[upper - 1, lower - 1] == pytest.approx(below.count(lower) / len(below))
