import numpy as np
import pytest
import torch
from torch import Tensor

from spatial_dual.perception.targets import UNKNOWN, index_table, pixel_targets

STRIDE = 2


def targets_of(
    instances: np.ndarray, depth: np.ndarray, labels: list[str], known: tuple[str, ...]
) -> dict[str, Tensor]:
    table = torch.from_numpy(index_table([labels], known))
    return pixel_targets(
        torch.from_numpy(instances)[None], torch.from_numpy(depth)[None], {"class": table}, STRIDE
    )


def random_scene(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 4, (6, 5))
    instances = np.kron(coarse, np.ones((4, 4), int)).astype(np.uint8)
    noise = rng.random(instances.shape) < 0.1
    instances[noise] = rng.integers(0, 4, noise.sum())
    depth = rng.uniform(1, 5, instances.shape).astype(np.float16)
    depth[rng.random(depth.shape) < 0.1] = 0
    return instances, depth


@pytest.mark.parametrize("seed", range(4))
def test_against_a_loop_over_cells(seed):
    instances, depth = random_scene(seed)
    labels, known = ["cup", "unseen", "sofa"], ("sofa", "cup")
    targets = targets_of(instances, depth, labels, known)
    height, width = (side // STRIDE for side in instances.shape)
    ids = np.zeros((height, width), int)
    for row in range(height):
        for column in range(width):
            cell = np.s_[row * STRIDE : (row + 1) * STRIDE, column * STRIDE : (column + 1) * STRIDE]
            found, votes = np.unique(instances[cell], return_counts=True)
            ids[row, column] = winner = found[votes == votes.max()].max()
            expected = {0: 0, 1: 2, 2: UNKNOWN, 3: 1}[winner]
            assert targets["class"][0, row, column] == expected
            metres = depth[cell][(instances[cell] == winner) & (depth[cell] > 0)]
            value = targets["log_depth"][0, row, column].item()
            if metres.size:
                assert value == pytest.approx(np.log(metres.astype(float).mean()), abs=1e-3)
            else:
                assert np.isnan(value)
    down, across = np.mgrid[:height, :width]
    for instance in (1, 2, 3):
        own = ids == instance
        mean = np.array([across[own].mean(), down[own].mean()])
        ends_x = (across + targets["offset"][0, 0].numpy())[own]
        ends_y = (down + targets["offset"][0, 1].numpy())[own]
        assert np.ptp(ends_x) == np.ptp(ends_y) == 0
        centre = int(ends_y[0]), int(ends_x[0])
        assert own[centre]
        distances = np.hypot(across[own] - mean[0], down[own] - mean[1])
        reached = np.hypot(centre[1] - mean[0], centre[0] - mean[1])
        assert reached == pytest.approx(distances.min(), abs=0.02)
        assert targets["centre"][0][centre] == 1
    assert not targets["centre"][0][torch.from_numpy(ids == 0)].any()


def test_weights_favour_small_instances_and_average_to_one():
    instances = np.zeros((32, 32), np.uint8)
    instances[:16, :16] = 1
    instances[20:28, 20:28] = 2
    targets = targets_of(instances, np.ones((32, 32), np.float16), ["a", "b"], ("a", "b"))
    weight, label = targets["weight"][0], targets["class"][0]
    assert weight[label > 0].mean().item() == pytest.approx(1, abs=1e-5)
    assert bool((weight[label == 0] == 1).all())
    assert (weight[label == 2][0] / weight[label == 1][0]).item() == pytest.approx(2, abs=1e-4)


def test_scene_without_instances():
    targets = targets_of(np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.float16), [], ("a",))
    assert not targets["class"].any()
    assert not targets["centre"].any()
    assert bool(targets["log_depth"].isnan().all())


def test_index_table_marks_unknown_names_and_refuses_too_many():
    table = index_table([["cup", "?"], []], ("bed", "cup"))
    assert table[:, :3].tolist() == [[UNKNOWN, 1, UNKNOWN], [UNKNOWN] * 3]
    with pytest.raises(ValueError, match="256 instances"):
        index_table([["cup"] * 256], ("cup",))
