import numpy as np
import torch

from spatial_dual.perception.batches import PerceptionBatches, names_in_records
from spatial_dual.perception.network import PerceiverConfig

KINDS = {
    "colour": ("red", "blue", "green"),
    "pose": ("facing left", "facing right"),
    "shine": ("dull", "bright"),
}
CONFIG = PerceiverConfig(
    labels=("far", "near"),
    attributes={"colour": ("red", "blue"), "pose": ("facing left", "facing right")},
    widths=(8, 8),
)


def test_names_come_from_the_records_and_absent_kinds_are_left_out(records, photographs):
    labels, attributes = names_in_records(records, KINDS)
    assert labels == ("far", "near")
    assert attributes == {"colour": ("red", "blue"), "pose": ("facing left", "facing right")}
    assert names_in_records(photographs, KINDS) == (("far", "near"), {})


def test_a_batch_follows_its_indices_and_its_generator_alone(records):
    source = PerceptionBatches(records, CONFIG)
    indices = np.array([5, 1, 5])
    one = source.load(indices, torch.Generator().manual_seed(1))
    two = source.load(indices, torch.Generator().manual_seed(1))
    other = source.load(indices, torch.Generator().manual_seed(2))
    assert one["image"].shape == (3, 3, 32, 32)
    assert all(torch.equal(one[key].nan_to_num(), two[key].nan_to_num()) for key in one)
    assert not torch.equal(one["image"], other["image"])


def test_mirrored_images_have_mirrored_targets_and_poses(records):
    source = PerceptionBatches(records, CONFIG)
    indices = np.zeros(32, int)
    batch = source.load(indices, torch.Generator().manual_seed(0))
    classes = batch["class"]
    mirrored = torch.tensor([not torch.equal(row, classes[0]) for row in classes])
    assert 0 < mirrored.sum() < 32
    plain, flipped = int((~mirrored).nonzero()[0]), int(mirrored.nonzero()[0])
    assert torch.equal(classes[plain], classes[flipped].flip(1))
    assert torch.equal(batch["colour"][plain], batch["colour"][flipped].flip(1))
    pose = batch["pose"][plain], batch["pose"][flipped].flip(1)
    known = pose[0] >= 0
    assert torch.equal(pose[0][known], 1 - pose[1][known])


def test_photographs_without_attributes_make_batches_without_their_heads(photographs):
    config = PerceiverConfig(labels=("far", "near"), widths=(8, 8))
    batch = PerceptionBatches(photographs, config).load(np.arange(4), torch.Generator())
    assert "colour" not in batch
    assert {"image", "class", "log_depth", "centre", "offset", "weight"} == set(batch)
