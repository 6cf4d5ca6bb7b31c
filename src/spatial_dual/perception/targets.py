"""Instance ids, labels and depth of a record -> what each output pixel should say.

All maps have the size of the network's outputs; a cell stands for a square of image pixels.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

UNKNOWN = -100
"""Class index without loss (PyTorch's ``ignore_index``)."""
MAX_INSTANCES = 255
HEAT_RADIUS = 0.2
MIN_WEIGHED_AREA = 16
MIN_SIGMA, MAX_SIGMA = 1.0, 6.0


def index_table(names: Sequence[Sequence[str | None]], known: Sequence[str]) -> np.ndarray:
    """Index in ``known`` of each instance's name, ``UNKNOWN`` where it has none there.

    Args:
        names: per record, the name of instance k at index k - 1; None has no index.
        known: the names that have an index.

    Returns:
        int16 ``(records, 256)``; column k is instance k, column 0 the background.

    Raises:
        ValueError: a record with more than 255 names, for its ids are uint8.
    """
    index: dict[str | None, int] = {name: i for i, name in enumerate(known)}
    most = max(map(len, names), default=0)
    if most > MAX_INSTANCES:
        raise ValueError(f"a record has {most} instances, at most {MAX_INSTANCES} fit into uint8")
    table = np.full((len(names), 1 + MAX_INSTANCES), UNKNOWN, np.int16)
    for row, record in zip(table, names, strict=True):
        row[1 : 1 + len(record)] = [index.get(name, UNKNOWN) for name in record]
    return table


def pixel_targets(
    instances: Tensor, depth: Tensor, tables: Mapping[str, Tensor], stride: int
) -> dict[str, Tensor]:
    """Training targets of a batch.

    Args:
        instances: uint8 ``(batch, height, width)``.
        depth: ``(batch, height, width)`` metres, 0 unknown.
        tables: by head, rows of ``index_table`` for this batch, ``(batch, 256)``; the table
            named "class" holds label indices, and its map counts background as 0.
        stride: image pixels per cell.

    Returns:
        Each head of ``tables``: int64 ``(batch, h, w)``, ``UNKNOWN`` where there is no truth;
        "log_depth" ``(batch, h, w)``, NaN where unknown; "centre" ``(batch, h, w)`` heat in 0..1;
        "offset" ``(batch, 2, h, w)``, x and y from a cell to its instance's centre in cells;
        "weight" ``(batch, h, w)``, larger on small instances, mean 1 over the foreground.
    """
    ids, cell_depth = _shrink(instances, depth, stride)
    targets: dict[str, Tensor] = {}
    for head, table in tables.items():
        rows = torch.arange(len(ids), device=ids.device)[:, None, None]
        targets[head] = table.long()[rows, ids]
    labelled = targets["class"] != UNKNOWN
    targets["class"] = torch.where(ids == 0, 0, targets["class"] + labelled.long())
    targets["log_depth"] = cell_depth.log()
    offset, area = _centre_offsets(ids)
    sigma = (HEAT_RADIUS * area.sqrt()).clamp(MIN_SIGMA, MAX_SIGMA)
    heat = torch.exp(-offset.square().sum(1) / (2 * sigma.square()))
    foreground = ids > 0
    targets["centre"] = torch.where(foreground, heat, 0.0)
    targets["offset"] = offset
    weight = torch.where(foreground, area.clamp(min=MIN_WEIGHED_AREA).rsqrt(), 0.0)
    mean = weight.sum() / foreground.sum().clamp(min=1)
    targets["weight"] = torch.where(foreground, weight / mean.clamp(min=1e-9), 1.0)
    return targets


def _shrink(instances: Tensor, depth: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Most frequent id of each cell (ties to the higher) and the mean depth of its pixels."""

    def planes(maps: Tensor) -> list[Tensor]:
        """The pixels of all cells by their place in the cell, each ``(batch, h, w)``."""
        return [
            maps[:, down::stride, across::stride].contiguous()
            for down in range(stride)
            for across in range(stride)
        ]

    ids = planes(instances)
    winner = torch.zeros_like(ids[0], dtype=torch.int32)
    for own in ids:
        votes = sum((own == other).int() for other in ids)
        winner = torch.maximum(winner, votes * (1 + MAX_INSTANCES) + own)
    winner %= 1 + MAX_INSTANCES
    total = torch.zeros(winner.shape, device=winner.device)
    count = torch.zeros_like(total)
    for own, metres in zip(ids, planes(depth.float()), strict=True):
        valid = (own == winner) & (metres > 0)
        total += metres * valid
        count += valid
    return winner.long(), total / count


def _centre_offsets(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Offset of each cell to its instance's centre, ``(batch, 2, h, w)``, and the area in cells.

    The centre is the visible cell nearest to the mean of all its cells, so that it lies on the
    instance even where that is hollow or half hidden.
    """
    batch, height, width = ids.shape
    slots = batch * (1 + MAX_INSTANCES)
    first = torch.arange(0, slots, 1 + MAX_INSTANCES, device=ids.device)
    slot = (ids + first[:, None, None]).flatten()
    down, across = torch.meshgrid(
        torch.arange(height, device=ids.device),
        torch.arange(width, device=ids.device),
        indexing="ij",
    )
    y, x = down.expand_as(ids).flatten(), across.expand_as(ids).flatten()
    area = torch.bincount(slot, minlength=slots).clamp(min=1)
    mean_x = torch.bincount(slot, x.double(), minlength=slots) / area
    mean_y = torch.bincount(slot, y.double(), minlength=slots) / area
    distance = ((x - mean_x[slot]).square() + (y - mean_y[slot]).square()) * height * width
    position = y * width + x
    # distance first, position as the tie-break, in one integer
    key = distance.round().long() * height * width + position
    nearest = torch.full_like(area, torch.iinfo(torch.int64).max)
    centre = nearest.scatter_reduce(0, slot, key, "amin")[slot] % (height * width)
    offset = torch.stack([centre % width - x, centre // width - y]).float()
    offset = offset.reshape(2, batch, height, width).transpose(0, 1)
    return offset, area[slot].reshape(ids.shape).float()
