"""Step 1: the discrete graph auto-encoder (paper Eq. 21)."""

from typing import cast

import torch
from torch import Tensor, nn

from spatial_dual.models.dgae import Dgae, reconstruction_loss
from spatial_dual.models.graph_nodes import Tags, take_tags

PARTIAL_SHARE = 0.5
KEEP_OBJECT, KEEP_PROPERTY, KEEP_GEOMETRY, KEEP_RELATION = 0.7, 0.6, 0.6, 0.3


def dgae_loss(
    model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """−E ln p(G | Ẑ), half of the graphs thinned out.

    Initial graphs go through the same encoder as gold ones but state less, so it must also know
    graphs with nodes missing.
    """
    dgae = cast(Dgae, model)
    tags = thin_out(take_tags(batch, "gold"), generator)
    return reconstruction_loss(dgae(tags), tags)


def thin_out(tags: Tags, generator: torch.Generator) -> dict[str, Tensor]:
    """Drop nodes at random from ``PARTIAL_SHARE`` of the graphs; an object takes its own along."""

    def keep(like: Tensor, share: float) -> Tensor:
        draw = torch.rand(like.shape, generator=generator)
        return (draw < share).to(like.device)

    whole = ~keep(tags["places"], PARTIAL_SHARE)
    objects = keep(tags["labels"], KEEP_OBJECT) | whole[:, None]
    attributes = keep(tags["attributes"], KEEP_PROPERTY) | whole[:, None, None]
    geometry = keep(tags["labels"], KEEP_GEOMETRY) | whole[:, None]
    relations = keep(tags["relations"], KEEP_RELATION) | whole[:, None, None]
    return {
        "labels": tags["labels"] * objects,
        "attributes": tags["attributes"] * (attributes & objects[..., None]),
        "geometry": tags["geometry"] * (geometry & objects)[..., None],
        "relations": tags["relations"] & relations,
        "places": tags["places"] * (keep(tags["places"], 0.5) | whole),
    }
