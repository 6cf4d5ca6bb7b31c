import math

import numpy as np
import pytest

from spatial_dual.metrics.perception import (
    PerceptionCounts,
    Scene,
    match_instances,
    perception_figures,
)

KINDS = {"colour": ("red", "blue"), "material": ("plain", "striped")}


def scene(boxes: list[tuple[int, int, int, int]], labels: list[str], **others) -> Scene:
    instances = np.zeros((20, 20), np.uint8)
    for k, (x0, y0, x1, y1) in enumerate(boxes, start=1):
        instances[y0:y1, x0:x1] = k
    depth = others.pop("depth", np.full((20, 20), 2.0, np.float32))
    return Scene(depth, instances, labels, **others)


def figures_of(*pairs, kinds):
    return perception_figures(PerceptionCounts.of(*pair, kinds) for pair in pairs)


def test_a_perfect_perception():
    true = scene(
        [(0, 0, 5, 5), (10, 10, 15, 18)],
        ["cup", "bed"],
        attributes=[("red", "plain"), ("blue", "striped")],
    )
    figures = figures_of((true, true), kinds=KINDS)
    assert figures == {
        "instance_recall": 1,
        "instance_precision": 1,
        "depth_abs_rel": 0,
        "colour_accuracy": 1,
        "material_accuracy": 1,
    }


def test_wrong_label_low_overlap_and_wrong_colour_each_cost_what_they_should():
    true = scene(
        [(0, 0, 4, 4), (6, 0, 10, 4), (12, 0, 16, 4)],
        ["cup", "cup", "bed"],
        attributes=[("red",), ("red",), ("blue",)],
    )
    perceived = scene(
        [(0, 0, 4, 4), (6, 0, 10, 2), (12, 0, 16, 3)],
        ["bed", "cup", "bed"],
        attributes=[("red",), ("red",), ("red",)],
        depth=np.full((20, 20), 2.2, np.float32),
    )
    figures = figures_of((perceived, true), kinds=KINDS)
    assert match_instances(perceived, true) == [(3, 3)]
    assert figures["instance_recall"] == pytest.approx(1 / 3)
    assert figures["instance_precision"] == pytest.approx(1 / 3)
    assert figures["depth_abs_rel"] == pytest.approx(0.1)
    assert figures["colour_accuracy"] == 0
    assert math.isnan(figures["material_accuracy"])


def test_hidden_instances_and_unknown_depth_do_not_count():
    depth = np.full((20, 20), 2.0, np.float32)
    depth[:, :3] = 0
    true = scene([(0, 0, 5, 5)], ["cup", "hidden"], depth=depth)
    perceived = scene([(0, 0, 5, 5)], ["cup"], depth=np.full((20, 20), 3.0, np.float32))
    figures = figures_of((perceived, true), kinds={})
    assert figures["instance_recall"] == 1
    assert figures["depth_abs_rel"] == pytest.approx(0.5)


def test_maps_of_different_size_are_refused():
    small = Scene(np.ones((4, 4)), np.zeros((4, 4), np.uint8), [])
    with pytest.raises(ValueError, match=r"\(4, 4\)"):
        match_instances(small, scene([], []))
