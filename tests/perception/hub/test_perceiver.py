"""The perceiver of published checkpoints, whole: interface, storage, and the stage that uses it."""

import json

import numpy as np
import pytest
import torch
from kedro.io import DatasetError

from spatial_dual.datasets.perceivers import PerceiverDataset
from spatial_dual.datasets.records import write_records
from spatial_dual.perception.hub.config import HubConfig
from spatial_dual.perception.hub.perceiver import HubPerceiver
from spatial_dual.perception.stored import save_perceiver
from spatial_dual.pipelines.perception.nodes import perceive, train_perceiver


@pytest.fixture(scope="module")
def names(checkpoint):
    return {"depth": checkpoint("depth_anything"), "instances": checkpoint("mask2former")}


def test_perception_has_the_interface_s_shape(names, images):
    seen = HubPerceiver(HubConfig(**names, threshold=0.05, max_instances=3)).perceive(images)
    assert len(seen) == 3
    assert seen.depth.shape == seen.instances.shape == images.shape[:3]
    assert seen.instances.dtype == np.uint8
    for k, labels in enumerate(seen.labels):
        assert 0 < len(labels) <= 3
        assert set(np.unique(seen.instances[k])) - {0} == set(range(1, len(labels) + 1))
        assert seen.scores[k] == sorted(seen.scores[k], reverse=True)
        assert seen.attributes[k] == [()] * len(labels)


def test_wrong_images_are_refused(names):
    with pytest.raises(ValueError, match="images must be uint8"):
        HubPerceiver(HubConfig(**names)).perceive(np.zeros((1, 8, 8, 3), np.float32))


def test_stage_takes_checkpoints_by_parameter_and_the_catalog_keeps_copies(names, images, tmp_path):
    scenes = write_records(tmp_path / "scenes", [{"id": ["a", "b", "c"], "image": images}])
    parameters = {"hub": {**names, "threshold": 0.05}}
    perceiver, log = train_perceiver(scenes, None, parameters, {"device": "cpu"}, 0)
    assert log["hub"]["depth"] == names["depth"]
    dataset = PerceiverDataset(filepath=str(tmp_path / "perceiver"))
    assert not dataset.exists()
    dataset.save(perceiver)
    assert dataset.exists()
    assert json.loads(dataset.preview())["hub"]["instances"] == "./instances"
    loaded = dataset.load()
    assert loaded.config.threshold == perceiver.config.threshold
    (chunk,) = perceive(scenes, loaded, {"device": "cpu"})
    expected = perceiver.to(torch.device("cpu")).perceive(images)
    assert chunk["labels"] == expected.labels
    np.testing.assert_array_equal(chunk["instances"], expected.instances)
    with (tmp_path / "perceiver" / "hub.json").open("a") as file:
        file.write(" ")
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="bytes is"):
        dataset.load()


def test_others_are_not_stored(tmp_path):
    with pytest.raises(TypeError, match="is for a perceiver, got str"):
        save_perceiver(tmp_path / "x", "perceiver")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"depth": ""}, "hub.depth: name a checkpoint"),
        ({"threshold": 1.5}, "threshold must be in"),
        ({"max_instances": 0}, "max_instances must be in 1..255"),
        ({"colour": "red"}, "unexpected keyword argument 'colour'"),
    ],
)
def test_configuration_is_checked(changed, message):
    with pytest.raises(ValueError, match=message):
        HubConfig.from_dict({"depth": "a", "instances": "b", **changed})
