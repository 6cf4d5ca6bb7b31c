"""Small random graphs as tags, for the tests of models."""

import torch
from torch import Tensor

from spatial_dual.models.graph_nodes import NodeShape

SHAPE = NodeShape(slots=4, labels=6, attributes=(4, 3), states=7, places=3)


def random_tags(batch: int, seed: int = 0, shape: NodeShape = SHAPE) -> dict[str, Tensor]:
    """Tags of ``batch`` graphs; the last slot of each is empty."""
    generator = torch.Generator().manual_seed(seed)

    def draw(high: int, *size: int) -> Tensor:
        return torch.randint(0, high, (batch, *size), generator=generator)

    labels = draw(shape.labels - 1, shape.slots) + 1
    labels[:, -1] = 0
    attributes = torch.stack([draw(n, shape.slots) for n in shape.attributes], dim=2)
    bits = torch.rand((batch, shape.pairs, shape.states), generator=generator) < 0.3
    there = labels > 0
    return {
        "labels": labels,
        "attributes": attributes * there[..., None],
        "geometry": draw(17, shape.slots, 5) * there[..., None],
        "relations": bits,
        "places": draw(shape.places),
    }
