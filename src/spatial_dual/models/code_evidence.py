"""What a stated tag says about a node's code: p(tag | code), counted over the training graphs."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from spatial_dual.models.graph_nodes import NodeShape, Tags

SMOOTHING = 0.02


class Denied(NamedTuple):
    """What texts say is not so.

    Attributes:
        labels: (batch, labels) bool, of no object.
        relations: (batch, pairs, states) bool, bits that do not hold.
    """

    labels: Tensor
    relations: Tensor


class CodeEvidence(nn.Module):
    """Tables of p(tag | code) for each kind of node.

    A relation node of the initial graph may state only some of the predicates that hold, so it
    cannot be clamped to one code. Bayes' rule clamps it softly instead: the sampler adds
    ln p(stated | code) to the denoiser's logits, and codes that contradict the text vanish.
    """

    labels: Tensor
    properties: Tensor
    relations: Tensor
    places: Tensor

    def __init__(self, shape: NodeShape, codes: int) -> None:
        super().__init__()
        self.shape = shape
        widest = max(shape.property_tags)
        self.register_buffer("labels", torch.full((codes, shape.labels), SMOOTHING))
        columns = torch.full((shape.properties, codes, widest), SMOOTHING)
        self.register_buffer("properties", columns)
        # counts of each state, and in the last column of all relation nodes with the code
        relations = torch.full((codes, shape.states + 1), SMOOTHING)
        relations[:, -1] *= shape.states  # a code never seen on a pair supports no predicate
        self.register_buffer("relations", relations)
        self.register_buffer("places", torch.full((codes, shape.places), SMOOTHING))

    @torch.no_grad()
    def count(self, codes: Tensor, tags: Tags) -> None:
        """Add the nodes of a batch of graphs, codes (batch, nodes), to the tables."""
        objects, properties, relations, place = self.shape.split(codes)
        there = tags["labels"] > 0
        _add(self.labels, objects, tags["labels"])
        columns = torch.cat([tags["attributes"], tags["geometry"]], dim=2)
        for column, table in enumerate(self.properties):
            _add(table, properties[:, :, column][there], columns[:, :, column][there])
        first, second = torch.triu_indices(self.shape.slots, self.shape.slots, offset=1)
        pair = there[:, first] & there[:, second]
        bits = tags["relations"][pair].to(self.relations.dtype)
        total = torch.ones_like(bits[:, :1])
        self.relations.index_add_(0, relations[pair], torch.cat([bits, total], dim=1))
        _add(self.places, place[:, 0], tags["places"])

    def log_likelihood(self, tags: Tags) -> Tensor:
        """Σ ln p(stated tags | code), (batch, nodes, K); 0 where a node states nothing."""
        columns = torch.cat([tags["attributes"], tags["geometry"]], dim=2)
        labels = _stated(self.labels, tags["labels"])
        properties = torch.stack(
            [_stated(table, columns[:, :, n]) for n, table in enumerate(self.properties)], dim=2
        )
        relations = tags["relations"].float() @ self._holds().clamp_min(1e-4).log().T
        places = _stated(self.places, tags["places"][:, None])
        return self.shape.join(labels, properties, relations, places)

    def log_not(self, denied: Denied) -> Tensor:
        """Σ ln (1 − p(denied tags | code)), (batch, nodes, K): guidance away from what is denied.

        No object node may have a denied label, and no pair the bit that is denied to it.
        """
        named = denied.labels.float() @ (self.labels / self.labels.sum(dim=1, keepdim=True)).T
        labels = (1 - named).clamp_min(1e-4).log()[:, None].expand(-1, self.shape.slots, -1)
        relations = denied.relations.float() @ (1 - self._holds()).clamp_min(1e-4).log().T
        others = labels.new_zeros(len(labels), self.shape.slots, self.shape.properties, 1)
        place = labels.new_zeros(len(labels), 1, labels.shape[-1])
        properties = others.expand(-1, -1, -1, labels.shape[-1])
        return self.shape.join(labels, properties, relations, place)

    def _holds(self) -> Tensor:
        """p(bit | code), (K, states)."""
        return (self.relations[:, :-1] / self.relations[:, -1:]).clamp(max=1)


def _add(table: Tensor, codes: Tensor, tags: Tensor) -> None:
    ones = torch.ones(codes.numel(), dtype=table.dtype, device=table.device)
    table.index_put_((codes.flatten(), tags.flatten()), ones, accumulate=True)


def _stated(table: Tensor, tags: Tensor) -> Tensor:
    """Log p(tag | code) as (…, K) for tags (…); 0 for tag 0."""
    log_given_code = (table / table.sum(dim=1, keepdim=True)).clamp_min(1e-4).log()
    return log_given_code.T[tags] * (tags > 0)[..., None]
