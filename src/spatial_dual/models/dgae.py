"""Discrete graph auto-encoder (paper A.2, Eq. 13, 20, 21): one quantised latent per node."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from vector_quantize_pytorch import FSQ

from spatial_dual.models.attention import Attention, check_heads
from spatial_dual.models.code_evidence import CodeEvidence
from spatial_dual.models.finite import check_numbers
from spatial_dual.models.graph_nodes import NodeEmbedding, NodeShape, StructureMix, Tags

GATE_RATE = 0.1
"""Keeps Adam's steps from opening the gates of the context before it is of use. At the
default's budget they stay closed; ``pipelines/dgae/README.md`` has what open ones would do."""


@dataclass(frozen=True)
class DgaeConfig:
    """Sizes of the auto-encoder.

    Attributes:
        shape: tag spaces of the graphs.
        dim: width of node features.
        levels: L_j, rounding levels of each latent dimension; their product is the codebook K.
        rounds: message rounds of the encoder and of the decoder.
        heads: attention heads of the decoder's fully connected layer.
    """

    shape: NodeShape
    dim: int = 96
    levels: tuple[int, ...] = (8, 5, 5, 5)
    rounds: int = 2
    heads: int = 4

    def __post_init__(self) -> None:
        if not isinstance(self.shape, NodeShape):
            object.__setattr__(self, "shape", NodeShape(**self.shape))
        object.__setattr__(self, "levels", tuple(self.levels))
        if min(self.levels) < 2:
            raise ValueError(f"levels must be at least 2 each, got {self.levels}")
        check_heads(self.dim, self.heads)


class GraphLogits(nn.Module):
    """Linear read-out of every tag from node features."""

    def __init__(self, shape: NodeShape, dim: int) -> None:
        super().__init__()
        self.shape = shape
        self.labels = nn.Linear(dim, shape.labels)
        self.properties = nn.ModuleList(nn.Linear(dim, tags) for tags in shape.property_tags)
        self.relations = nn.Linear(dim, shape.states)
        self.places = nn.Linear(dim, shape.places)

    def forward(self, features: Tensor) -> dict[str, Any]:
        """Logits by tag name; "properties" is a list of (batch, slots, tags)."""
        objects, properties, relations, place = self.shape.split(features)
        return {
            "labels": self.labels(objects).float(),
            "properties": [
                head(properties[:, :, n]).float() for n, head in enumerate(self.properties)
            ],
            "relations": self.relations(relations).float(),
            "places": self.places(place[:, 0]).float(),
        }


class Dgae(nn.Module):
    """Encoder, finite scalar quantiser and decoder, all equivariant to renumbered slots."""

    Config = DgaeConfig

    def __init__(self, config: DgaeConfig) -> None:
        super().__init__()
        self.config = config
        shape, dim = config.shape, config.dim
        self.embed = NodeEmbedding(shape, dim)
        self.encoder = nn.ModuleList(_Round(shape, dim) for _ in range(config.rounds))
        self.to_latent = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, len(config.levels)))
        self.quantiser = FSQ(list(config.levels))
        self.from_latent = nn.Linear(len(config.levels), dim)
        self.types = nn.Embedding(shape.properties + 3, dim)
        self.decoder = nn.ModuleList(_Round(shape, dim) for _ in range(config.rounds))
        self.mix_norm = nn.LayerNorm(dim)
        self.mix = Attention(dim, config.heads)
        self.gate = nn.Parameter(torch.zeros(dim))
        self.logits = GraphLogits(shape, dim)
        self.evidence = CodeEvidence(shape, self.codes)
        self.register_buffer("type_ids", _type_ids(shape), persistent=False)

    @property
    def codes(self) -> int:
        """K, the number of codes."""
        return math.prod(self.config.levels)

    def latents(self, tags: Tags) -> Tensor:
        """Continuous latents z (batch, nodes, len(levels)) before rounding."""
        x = self.embed(tags)
        for layer in self.encoder:
            x = layer(x)
        z: Tensor = self.to_latent(x)
        return z.float()

    def encode(self, tags: Tags) -> Tensor:
        """Codes (batch, nodes) of graphs: the index of the rounded latents over all j (Eq. 13).

        round((L_j − 1)/2 · tanh z_j) for an odd L_j; for an even one the levels lie half a step
        aside, so that there are L_j of them and not one more.

        Raises:
            FloatingPointError: the encoder gives NaN or infinity.
        """
        latents = self.latents(tags)
        check_numbers(latents, "the graph auto-encoder")
        codes: Tensor = self.quantiser(latents)[1]
        return codes.long()

    def features(self, codes: Tensor) -> Tensor:
        """Decoder features (batch, nodes, dim) of codes."""
        return self._decode(self.quantiser.indices_to_codes(codes))

    def decode(self, codes: Tensor) -> dict[str, Tensor]:
        """Most likely tags of codes (batch, nodes), in the form the encoder reads.

        Raises:
            FloatingPointError: the decoder gives NaN or infinity.
        """
        features = self.features(codes)
        check_numbers(features, "the graph auto-encoder")
        logits = self.logits(features)
        properties = torch.stack([p.argmax(dim=-1) for p in logits["properties"]], dim=2)
        kinds = self.config.shape.kinds
        labels = logits["labels"].argmax(dim=-1)
        there = (labels > 0)[..., None]
        return {
            "labels": labels,
            "attributes": properties[..., :kinds] * there,
            "geometry": properties[..., kinds:] * there,
            "relations": logits["relations"] > 0,
            "places": logits["places"].argmax(dim=-1),
        }

    def forward(self, tags: Tags) -> dict[str, Any]:
        """Tag logits of the reconstruction, differentiable through the rounding."""
        quantised, _ = self.quantiser(self.latents(tags))
        return self.logits(self._decode(quantised))

    def _decode(self, quantised: Tensor) -> Tensor:
        x = self.from_latent(quantised) + self.types(self.type_ids)
        for layer in self.decoder:
            x = layer(x)
        h = self.mix_norm(x)
        mixed: Tensor = x + GATE_RATE * self.gate * self.mix(h, h)  # every node sees every other
        return mixed


class _Round(nn.Module):
    """Messages along edges, then a residual perceptron on each node.

    A gate lets messages in, from none at the start: as long as a node's own tag decides its code,
    equal tags keep equal codes, and the diffuser has few synonyms to learn.
    """

    def __init__(self, shape: NodeShape, dim: int) -> None:
        super().__init__()
        self.mix = StructureMix(shape, dim)
        self.gate = nn.Parameter(torch.zeros(dim))
        self.perceptron = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + GATE_RATE * self.gate * (self.mix(x) - x)
        out: Tensor = x + self.perceptron(x)
        return out


def reconstruction_loss(logits: dict[str, Any], tags: Tags) -> dict[str, Tensor]:
    """−ln p(G | Ẑ) in nats a graph (Eq. 21), and its parts.

    Properties count where the slot holds an object, relations where both ends do.
    """
    batch, slots = tags["labels"].shape
    there = tags["labels"] > 0
    first, second = torch.triu_indices(slots, slots, offset=1)
    pair = there[:, first] & there[:, second]
    columns = torch.cat([tags["attributes"], tags["geometry"]], dim=2)
    properties = sum(
        (_cross_entropy(p, columns[:, :, n]) * there).sum()
        for n, p in enumerate(logits["properties"])
    )
    bits = F.binary_cross_entropy_with_logits(
        logits["relations"], tags["relations"].float(), reduction="none"
    )
    parts = {
        "labels": _cross_entropy(logits["labels"], tags["labels"]).sum() / batch,
        "properties": torch.as_tensor(properties) / batch,
        "relations": (bits.sum(dim=-1) * pair).sum() / batch,
        "places": _cross_entropy(logits["places"], tags["places"]).sum() / batch,
    }
    return {"loss": torch.stack(list(parts.values())).sum(), **parts}


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    flat = F.cross_entropy(logits.flatten(0, -2), target.flatten(), reduction="none")
    return flat.view_as(target)


def _type_ids(shape: NodeShape) -> Tensor:
    properties = torch.arange(shape.properties).repeat(shape.slots)
    count = shape.properties
    return torch.cat(
        [
            torch.full((shape.slots,), count),
            properties,
            torch.full((shape.pairs,), count + 1),
            torch.tensor([count + 2]),
        ]
    )
