"""Size class and pose from a box."""

import numpy as np
import pytest

from spatial_dual.metrics.shares import Share
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.lift import lift
from spatial_dual.perception.shape_words import shape_words
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import Box3D, SceneGraph, SceneObject


def prior_of(label, size):
    thing = SceneObject(label=label, box=Box3D(center=(0, 0, 3), size=size))
    return SizePrior.fit([SceneGraph(objects=(thing,))])


@pytest.mark.parametrize(("scale", "word"), [(0.8, ("small",)), (1.02, ()), (1.2, ("large",))])
def test_size_is_told_among_its_kind(scale, word):
    usual = np.array([0.8, 0.5, 0.4])
    prior = prior_of("crate", tuple(usual))
    assert shape_words("crate", scale * usual, prior) == word
    assert shape_words("crate", scale * usual[::-1], prior) == word, "turned, it is as large"


def test_size_of_unknown_kinds_is_told_by_the_longest_side():
    assert shape_words("thing", np.array([0.1, 0.2, 0.1]), SizePrior()) == ("small",)
    assert shape_words("thing", np.array([0.5, 0.2, 0.1]), SizePrior()) == ()
    assert shape_words("thing", np.array([0.5, 2.0, 0.1]), SizePrior()) == ("large",)


@pytest.mark.parametrize(
    ("size", "pose"),
    [((0.3, 0.9, 0.3), ("upright",)), ((0.9, 0.3, 0.3), ("lying",)), ((0.5, 0.5, 0.5), ())],
)
def test_pose_of_tall_things(size, pose):
    assert shape_words("bottle", np.array(size), SizePrior()) == pose
    assert shape_words("carpet", np.array(size), SizePrior()) == ()


def test_size_class_of_rendered_things_is_right():
    scenes = [render_scene(3, "val", index) for index in range(12)]
    texts = [render_scene(3, "train", index, 16)["graph"] for index in range(60)]
    prior = SizePrior.fit(SceneGraph.from_json(text) for text in texts)
    told = Share(0, 0)
    for scene in scenes:
        camera = Camera.from_json(scene["camera"])
        lifted = lift(scene["depth"], scene["instances"], scene["labels"], camera, prior)
        gold = SceneGraph.from_json(scene["graph"]).objects
        for k in np.flatnonzero(lifted.known):
            words = shape_words(scene["labels"][k], lifted.sizes[k], prior)
            for word in {"small", "large"} & set(words):
                told += Share(word in gold[k].attributes, 1)
    assert told.total > 30
    assert told.right / told.total > 0.9
