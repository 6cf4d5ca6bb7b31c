import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

from spatial_dual.metrics.perception import PerceptionCounts, Scene, perception_figures
from spatial_dual.perception.batches import PerceptionBatches, names_in_records
from spatial_dual.perception.losses import perception_loss
from spatial_dual.perception.network import PerceiverConfig
from spatial_dual.perception.pixel_perceiver import PixelPerceiver
from spatial_dual.seeding import seeded_torch
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import fit

KINDS = {"colour": ("red", "blue")}
FIT = FitConfig(
    steps=400,
    batch_size=8,
    learning_rate=8e-3,
    matrix_learning_rate=0.02,
    warmup_steps=10,
    precision="float32",
)


def new_perceiver(records, **settings) -> PixelPerceiver:
    labels, attributes = names_in_records(records, KINDS)
    with seeded_torch(0, "test"):
        return PixelPerceiver(
            PerceiverConfig(labels=labels, attributes=attributes, widths=(16, 24, 32), **settings)
        )


@pytest.fixture(scope="module")
def trained(records):
    perceiver = new_perceiver(records)
    log = fit(
        "perceiver", perceiver, perception_loss, PerceptionBatches(records, perceiver.config), FIT
    )
    return perceiver, log


def test_training_teaches_objects_colours_and_depth(trained, records):
    perceiver, log = trained
    assert log.rows[-1]["loss"] < 0.3 * log.rows[0]["loss"]
    truth = next(records.chunks(len(records)))
    seen = perceiver.perceive(truth["image"])
    counts = []
    for i in range(len(records)):
        words = [node["attributes"] for node in json.loads(truth["graph"][i])["objects"]]
        true = Scene(truth["depth"][i], truth["instances"][i], truth["labels"][i], words)
        mine = Scene(seen.depth[i], seen.instances[i], seen.labels[i], seen.attributes[i])
        counts.append(PerceptionCounts.of(mine, true, KINDS))
    figures = perception_figures(counts)
    assert figures["instance_recall"] > 0.8
    assert figures["colour_accuracy"] > 0.9
    assert figures["depth_abs_rel"] < 0.1


def test_hidden_weights_are_all_kernels_but_the_first_and_the_last(trained):
    perceiver, _ = trained
    hidden = {id(weight) for weight in perceiver.hidden_weights()}
    left = {n for n, p in perceiver.named_parameters() if p.ndim == 4 and id(p) not in hidden}
    assert left == {"network.stem.weight", "network.head.weight"}


def test_ids_and_lists_agree(trained, records):
    perceiver, _ = trained
    seen = perceiver.perceive(records.array("image", range(10)))
    for i in range(len(seen)):
        count = len(seen.labels[i])
        assert set(np.unique(seen.instances[i])) - {0} == set(range(1, count + 1))
        assert len(seen.attributes[i]) == len(seen.scores[i]) == count
        assert seen.scores[i] == sorted(seen.scores[i], reverse=True)
    assert seen.depth.dtype == np.float32
    assert (seen.depth > 0).all()


def test_one_image_alone_is_perceived_as_among_others(trained, records):
    perceiver, _ = trained
    images = records.array("image", range(5))
    together = perceiver.perceive(images)
    for i in range(5):
        alone = perceiver.perceive(images[i : i + 1])
        assert np.array_equal(alone.instances[0], together.instances[i])
        assert alone.labels[0] == together.labels[i]
        assert alone.attributes[0] == together.attributes[i]
        np.testing.assert_allclose(alone.depth[0], together.depth[i], rtol=1e-3)
    assert len(perceiver.perceive(images[:0])) == 0


def test_a_callers_autocast_changes_nothing(records):
    perceiver = new_perceiver(records, centre_threshold=0.01)  # untrained: centres that lie close
    images = records.array("image", range(5))
    plain = perceiver.perceive(images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = perceiver.perceive(images)
    assert plain.instances.any()
    np.testing.assert_array_equal(within.instances, plain.instances)
    np.testing.assert_array_equal(within.depth, plain.depth)
    assert within.labels == plain.labels


def test_a_mirrored_image_is_perceived_as_the_mirror_of_the_image(trained, records):
    perceiver, _ = trained
    images = records.array("image", range(8))
    seen, mirrored = perceiver.perceive(images), perceiver.perceive(images[:, :, ::-1].copy())
    assert np.mean((seen.instances > 0) == (mirrored.instances > 0)[:, :, ::-1]) > 0.99
    error = np.abs(np.log(seen.depth / mirrored.depth[:, :, ::-1]))
    assert np.median(error) < 1e-3
    for one, other in zip(seen.labels, mirrored.labels, strict=True):
        assert sorted(one) == sorted(other)


def test_configuration_and_weights_round_trip(trained, records):
    perceiver, _ = trained
    stored = json.loads(json.dumps(asdict(perceiver.config)))
    copy = PixelPerceiver(PixelPerceiver.Config(**stored))
    assert copy.config == perceiver.config
    copy.load_state_dict(perceiver.state_dict(), strict=True)
    images = records.array("image", range(3))
    one, two = perceiver.perceive(images), copy.eval().perceive(images)
    assert np.array_equal(one.depth, two.depth)
    assert one.labels == two.labels


def test_photographs_give_instances_without_attributes(photographs):
    perceiver = new_perceiver(photographs).eval()
    assert set(perceiver(torch.zeros(1, 3, 32, 32))) == {"class", "log_depth", "centre", "offset"}
    seen = perceiver.perceive(photographs.array("image", range(2)))
    assert all(words == () for image in seen.attributes for words in image)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((1, 32, 32, 3), np.float32), "float32"),
        (np.zeros((32, 32, 3), np.uint8), r"\(32, 32, 3\)"),
        (np.zeros((1, 32, 32, 4), np.uint8), r"\(1, 32, 32, 4\)"),
        (np.zeros((1, 30, 32, 3), np.uint8), "multiples of 16"),
    ],
)
def test_bad_images_are_refused(trained, images, message):
    with pytest.raises(ValueError, match=message):
        trained[0].perceive(images)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"labels": ()}, "labels"),
        ({"labels": ("cup", "cup")}, "cup"),
        ({"attributes": {"colour": ()}}, "colour"),
        ({"widths": (8,)}, "widths"),
        ({"blocks": 0}, "blocks positive"),
        ({"centre_threshold": 1.5}, "1.5"),
        ({"max_instances": 0}, "max_instances"),
    ],
)
def test_bad_configurations_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        PerceiverConfig(**({"labels": ("cup",)} | fields))
