"""Completion of unseen extents from examples."""

import json

import numpy as np

from spatial_dual.perception.size_prior import UNKNOWN_DEPTH, SizePrior
from spatial_dual.scene.graph import Box3D, SceneGraph, SceneObject

SMALL, LARGE = (0.4, 0.6, 0.3), (0.8, 1.2, 0.6)
ALL = np.array([True, True, True])


def graph(*sizes, yaw=0.0):
    boxes = [Box3D(center=(0, 0, 3), size=size, yaw=yaw) for size in sizes]
    return SceneGraph(objects=tuple(SceneObject(label="table", box=box) for box in boxes))


PRIOR = SizePrior.fit([graph(SMALL, LARGE), graph(LARGE), graph(LARGE)])


def test_the_example_that_fits_what_is_seen_completes_the_rest():
    for size in (SMALL, LARGE):
        seen = np.array([size[0], size[1], 0.05])
        completed = PRIOR.complete("table", seen, np.array([True, True, False]))
        np.testing.assert_allclose(completed, size, rtol=0.01)


def test_what_is_seen_whole_is_kept_and_never_shrunk():
    np.testing.assert_array_equal(
        PRIOR.complete("table", np.array([0.5, 0.7, 0.2]), ALL), [0.5, 0.7, 0.2]
    )
    huge = np.array([3.0, 3.0, 3.0])
    np.testing.assert_array_equal(PRIOR.complete("table", huge, ~ALL), huge)


def test_turned_boxes_enter_by_their_hull():
    turned = SizePrior.fit([graph((0.8, 1.2, 0.2), yaw=np.pi / 2)])
    completed = turned.complete("table", np.array([0.2, 1.2, 0.1]), np.array([True, True, False]))
    np.testing.assert_allclose(completed[2], 0.8, rtol=0.01)


def test_unknown_label_gets_a_depth_from_its_front():
    completed = SizePrior().complete(
        "gnome", np.array([0.5, 0.2, 0.01]), np.array([True, True, False])
    )
    np.testing.assert_allclose(completed, [0.5, 0.2, UNKNOWN_DEPTH * 0.2])


def test_json_round_trip():
    again = SizePrior.from_dict(json.loads(json.dumps(PRIOR.to_dict())))
    assert again.to_dict() == PRIOR.to_dict()
    seen = np.array([0.4, 0.1, 0.1])
    mask = np.array([True, False, False])
    np.testing.assert_allclose(
        again.complete("table", seen, mask), PRIOR.complete("table", seen, mask), atol=1e-3
    )


def test_objects_without_box_are_no_examples():
    prior = SizePrior.fit([SceneGraph(objects=(SceneObject(label="cup"),))])
    assert prior.to_dict() == {}
