"""Network maps -> instances: peaks of centre heat, and each pixel to the centre it points at.

As in Panoptic-DeepLab (Cheng et al., 2020), for a whole batch at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

PEAK_WINDOW = 5
OTHER_CLASS_PENALTY = 64.0


@dataclass(frozen=True)
class Instances:
    """Instances of a batch; rows are sorted by score and rows beyond ``count`` are empty.

    Attributes:
        ids: int64 ``(batch, h, w)``; 0 is background, k is row k - 1.
        count: int64 ``(batch,)``.
        scores: ``(batch, rows)`` in 0..1.
        words: by head, int64 ``(batch, rows)``: the index with most votes.
    """

    ids: Tensor
    count: Tensor
    scores: Tensor
    words: dict[str, Tensor]


def group_instances(
    maps: Mapping[str, Tensor], threshold: float, min_pixels: int, max_instances: int
) -> Instances:
    """Group the pixels of a batch into instances.

    A pixel belongs to the centre nearest to where its offset points, centres of its own class
    first. The score of an instance is its centre's heat times the mean probability of its class.

    Args:
        maps: raw outputs ``(batch, channels, h, w)``: "class" (channel 0 is background), "centre"
            (logits), "offset" (x, y in pixels), and attribute heads by any other name.
        threshold: least heat of a centre.
        min_pixels: smaller instances are dropped.
        max_instances: most centres looked at in an image.
    """
    probabilities = maps["class"].softmax(1)
    pixel_class = probabilities.argmax(1).flatten(1)
    centres, heat = _peaks(maps["centre"].squeeze(1).sigmoid(), threshold, max_instances)
    owner = _nearest_centre(maps["offset"], pixel_class, centres, heat > 0)
    rows = torch.arange(1, heat.shape[1] + 1, device=heat.device)
    votes = (owner[:, None] == rows[:, None]).float()
    pixels = votes.sum(2)
    mean_class = votes @ probabilities.flatten(2).transpose(1, 2) / pixels.clamp(min=1)[..., None]
    confidence, best_class = mean_class[..., 1:].max(-1)
    scores = torch.where(pixels >= min_pixels, heat * confidence, 0.0)
    order = scores.argsort(dim=1, descending=True, stable=True)
    words = {"class": best_class}
    for head, logits in maps.items():
        if head not in ("class", "centre", "offset", "log_depth"):
            words[head] = (votes @ logits.softmax(1).flatten(2).transpose(1, 2)).argmax(-1)
    sorted_scores = scores.gather(1, order)
    rank = order.argsort(dim=1) + 1
    rank = F.pad(torch.where(scores > 0, rank, 0), (1, 0))
    return Instances(
        ids=rank.gather(1, owner).reshape(maps["class"][:, 0].shape),
        count=(sorted_scores > 0).sum(1),
        scores=sorted_scores,
        words={head: index.gather(1, order) for head, index in words.items()},
    )


def smooth_within(values: Tensor, ids: Tensor) -> Tensor:
    """Mean of the 3×3 cells around each cell, of those that have its id.

    What a network says of neighbouring cells differs by noise; across the edges of instances it
    differs for good reason.

    Args:
        values, ids: ``(batch, h, w)``.
    """
    height, width = ids.shape[1:]
    around = F.pad(values, (1, 1, 1, 1))
    owner = F.pad(ids, (1, 1, 1, 1), value=-1)
    total, count = torch.zeros_like(values), torch.zeros_like(values)
    for down in range(3):
        for across in range(3):
            window = (..., slice(down, down + height), slice(across, across + width))
            same = owner[window] == ids
            total += around[window] * same
            count += same
    return total / count


def _peaks(heat: Tensor, threshold: float, most: int) -> tuple[Tensor, Tensor]:
    """Flat positions ``(batch, most)`` of local maxima, and their heat, 0 where there is none."""
    highest = F.max_pool2d(heat, PEAK_WINDOW, stride=1, padding=PEAK_WINDOW // 2)
    peaks = torch.where((heat == highest) & (heat >= threshold), heat, 0.0).flatten(1)
    value, position = peaks.topk(min(most, peaks.shape[1]), dim=1)
    rows = max(1, int((value > 0).sum(1).max()))
    return position[:, :rows], value[:, :rows]


def _nearest_centre(offset: Tensor, pixel_class: Tensor, centres: Tensor, valid: Tensor) -> Tensor:
    """Row + 1 of each pixel's centre, ``(batch, h * w)``; 0 for background."""
    height, width = offset.shape[2:]
    pixels = torch.arange(height * width, device=offset.device)
    target = offset.flatten(2) + torch.stack([pixels % width, pixels // width])
    centre = torch.stack([centres % width, centres // width], dim=2).to(target.dtype)
    # |target - centre|² without the term that is the same for all centres of a pixel
    cost = torch.baddbmm(centre.square().sum(2, keepdim=True), centre, target, alpha=-2)
    other = pixel_class[:, None] != pixel_class.gather(1, centres)[..., None]
    cost += OTHER_CLASS_PENALTY * other
    cost.masked_fill_(~valid[..., None], torch.inf)
    owned = (pixel_class > 0) & valid.any(1, keepdim=True)
    return torch.where(owned, cost.argmin(1) + 1, 0)
