"""From what was found to one map of instance numbers."""

import numpy as np

from spatial_dual.perception.hub.drawing import box_mask, draw_instances
from spatial_dual.perception.hub.instances import Found

FLAT = np.full((20, 30), 2.0)


def mask(rows, columns):
    drawn = np.zeros(FLAT.shape, dtype=bool)
    drawn[rows, columns] = True
    return drawn


def test_small_things_lie_over_large_ones_and_the_surest_is_first():
    table = Found("table", 0.6, (0, 0, 30, 20), mask(slice(0, 20), slice(0, 30)))
    cup = Found("cup", 0.9, (5, 5, 8, 8), mask(slice(5, 8), slice(5, 8)))
    drawn, labels, scores = draw_instances([table, cup], FLAT, 8)
    assert labels == ["cup", "table"]
    assert scores == [0.9, 0.6]
    assert (drawn[5:8, 5:8] == 1).all()
    assert (drawn == 2).sum() == 600 - 9


def test_things_found_twice_count_once_and_hidden_ones_are_left_out():
    cup = Found("cup", 0.9, (5, 5, 15, 15))
    again = Found("cup", 0.5, (5, 5, 15, 16))
    vase = Found("vase", 0.4, (5, 5, 15, 15))
    drawn, labels, _ = draw_instances([again, cup, vase], FLAT, 8)
    assert labels == ["vase"], "drawn last, it covers the cup"
    assert set(np.unique(drawn)) == {0, 1}
    assert draw_instances([cup, again], FLAT, 8)[1] == ["cup"]


def test_only_the_surest_are_kept():
    found = [Found("cup", 0.1 * k, (3 * k, 0, 3 * k + 2, 2)) for k in range(1, 8)]
    assert draw_instances(found, FLAT, 3)[2] == [0.1 * k for k in (7, 6, 5)]
    empty, labels, scores = draw_instances([], FLAT, 3)
    assert not empty.any()
    assert labels == scores == []


def test_depth_tells_which_pixels_of_a_box_belong_to_the_thing():
    depth = np.full((20, 30), 4.0)
    thing = mask(slice(6, 14), slice(10, 20))
    depth[thing] = 1.5
    depth[10, 15] = 0
    found = box_mask((8, 4, 22, 16), depth)
    assert (found == (thing & (depth > 0))).all()
    assert box_mask((8, 4, 22, 16), np.zeros((20, 30))).sum() == 14 * 12
    assert box_mask((-5, -5, 2, 2), FLAT).sum() == 4
    assert box_mask((40, 40, 50, 50), FLAT).sum() == 1
