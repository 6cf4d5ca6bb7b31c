"""Losses of the pixel network on maps made by hand."""

import pytest
import torch
from torch import Tensor

from spatial_dual.perception.losses import BACKGROUND_DEPTH, head_losses
from spatial_dual.perception.targets import UNKNOWN

LABELS, SIDE = 3, 4


def make_targets() -> dict[str, Tensor]:
    """Two things, of 2 and of 6 pixels, the smaller one three times as heavy."""
    label = torch.zeros(1, SIDE, SIDE, dtype=torch.long)
    label[0, 0, :2], label[0, 2:, :3] = 1, 2
    weight = torch.where(label == 1, 3.0, 1.0)
    return {
        "class": label,
        "log_depth": torch.zeros(1, SIDE, SIDE),
        "centre": torch.zeros(1, SIDE, SIDE),
        "offset": torch.zeros(1, 2, SIDE, SIDE),
        "weight": weight,
    }


def make_maps() -> dict[str, Tensor]:
    channels = {"class": LABELS, "log_depth": 1, "centre": 1, "offset": 2}
    return {head: torch.zeros(1, count, SIDE, SIDE) for head, count in channels.items()}


@pytest.mark.parametrize("label", [1, 2])
def test_depth_of_things_counts_by_the_pixel_however_small_they_are(label: int) -> None:
    targets, maps = make_targets(), make_maps()
    wrong = targets["class"] == label
    maps["log_depth"][:, 0][wrong] = 0.5
    total = 8 + BACKGROUND_DEPTH * 8
    expected = 0.5 * int(wrong.sum()) / total
    assert float(head_losses(maps, targets)["log_depth"]) == pytest.approx(expected)


def test_pixels_of_unknown_depth_or_class_count_for_nothing() -> None:
    targets, maps = make_targets(), make_maps()
    targets["log_depth"][0, 3, 3] = torch.nan
    targets["class"][0, 3, 3] = UNKNOWN
    maps["log_depth"][0, 0, 3, 3] = 9.0
    maps["class"][0, 1, 3, 3] = 50.0
    losses = head_losses(maps, targets)
    assert float(losses["log_depth"]) == 0
    assert float(losses["class"]) == pytest.approx(torch.tensor(float(LABELS)).log().item())


def test_class_counts_the_pixels_of_small_things_more() -> None:
    """Cross-entropy by hand: one wrong pixel of weight 3 among weights 6, 6 and 8."""
    targets, maps = make_targets(), make_maps()
    for label in range(LABELS):
        maps["class"][:, label][targets["class"] == label] = 30.0
    maps["class"][0, :, 0, 0] = torch.tensor([30.0, 0.0, 0.0])
    assert float(head_losses(maps, targets)["class"]) == pytest.approx(30 * 3 / 20)
