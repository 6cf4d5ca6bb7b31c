"""Seen and new compositions, side by side."""

import pytest

from spatial_dual.metrics.compositions import (
    NO_SCENE,
    NOT_RENDERED,
    by_composition,
    new_compositions,
)
from spatial_dual.render.scenes import render_scene
from spatial_dual.render.splits import is_novel
from spatial_dual.scene.graph import SceneGraph


def total(values):
    return lambda rows: {"sum": sum(values[row] for row in rows)}


def test_each_part_has_its_own_figure_and_count():
    found = by_composition(total([1, 2, 4, 8]), 4, [False, True, False, True])
    assert found == {
        "sum": 15,
        "n": 4,
        "seen": {"sum": 5, "n": 2},
        "new": {"sum": 10, "n": 2},
    }


def test_a_part_without_scenes_and_data_without_parts_are_refused():
    found = by_composition(total([1]), 1, [False])
    assert found["new"] == NO_SCENE
    assert found["seen"] == {"sum": 1, "n": 1}
    assert by_composition(total([1]), 1, None)["seen"] == NOT_RENDERED
    assert by_composition(total([]), 0, []) == {"n": 0}


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_new_is_what_the_renderer_made_new(split):
    rows = [render_scene(3, split, index, 32) for index in range(8)]
    gold = [SceneGraph.from_json(row["graph"]) for row in rows]
    assert new_compositions(gold) == [is_novel(split, index) for index in range(8)]
