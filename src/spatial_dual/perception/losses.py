"""The loss of the pixel network: a weighted sum over its heads."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spatial_dual.perception.targets import UNKNOWN

BACKGROUND_DEPTH = 0.15
"""Weight of depth on walls and floor, which only the camera's pose is learnt from, where that of
things is 1."""
WEIGHTS: Mapping[str, float] = {
    "class": 2.0,
    "log_depth": 7.0,
    "centre": 4.0,
    "offset": 0.1,
    "attribute": 0.4,
}


def perception_loss(
    model: nn.Module, batch: Mapping[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Loss of ``PixelPerceiver`` on a batch of ``PerceptionBatches``, for ``training.fit``."""
    return head_losses(model(batch["image"]), batch)


def head_losses(maps: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Loss of each head and their weighted sum "loss".

    Cross-entropy for class and attributes, L1 for log-depth and centre offsets, binary
    cross-entropy for the centre heat. Foreground pixels of small instances weigh more (area^-1/2),
    but for depth, which is judged by the pixel.

    Args:
        maps: the network's outputs, ``(batch, channels, h, w)`` by head.
        targets: as ``pixel_targets`` makes them.
    """
    weight = targets["weight"]
    foreground = (targets["class"] != 0) * weight
    depth = maps["log_depth"].squeeze(1)
    known = targets["log_depth"].isfinite()
    depth_error = (depth - targets["log_depth"].nan_to_num()).abs()
    depth_weight = torch.where(targets["class"] != 0, 1.0, BACKGROUND_DEPTH)
    offset_error = (maps["offset"] - targets["offset"]).abs().sum(1)
    centre = maps["centre"].squeeze(1)
    losses: dict[str, Tensor] = {
        "log_depth": _mean(depth_error, known * depth_weight),
        "offset": _mean(offset_error, foreground),
        "centre": F.binary_cross_entropy_with_logits(centre, targets["centre"]),
    }
    words = [head for head in maps if head not in losses]
    losses |= {head: _classification(maps[head], targets[head], weight) for head in words}
    weighted = [WEIGHTS.get(head, WEIGHTS["attribute"]) * loss for head, loss in losses.items()]
    return {"loss": torch.stack(weighted).sum(), **losses}


def _classification(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    loss = F.cross_entropy(logits, target, ignore_index=UNKNOWN, reduction="none")
    return _mean(loss, weight * (target != UNKNOWN))


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1.0)
