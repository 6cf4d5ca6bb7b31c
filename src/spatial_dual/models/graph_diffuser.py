"""Graph diffuser p_ψ(z^G_{t-1} | z^G_t, c): an initial TSG or VSG evolves into the 3DSG.

The codes of the initial graph stand beside the noisy ones, slot by slot; slots have no number,
only their nodes. The condition c is the input's CLIP feature, or in dual training the hidden
states of the other task's easy half (paper, "The three denoisers", Eq. 2, 3). One network serves
all.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.devices import full_precision
from spatial_dual.models.attention import check_heads, key_mask
from spatial_dual.models.conditions import mean_token
from spatial_dual.models.graph_nodes import EdgeMessages, NodeShape
from spatial_dual.models.states import TypedCodes, typed_states
from spatial_dual.models.transformer import Block, TimestepEmbedding


@dataclass(frozen=True)
class GraphDiffuserConfig:
    """Sizes of the denoiser.

    Attributes:
        shape: tag spaces of the graphs.
        codes: K of the DGAE.
        condition_dims: width of each kind of condition by name, e.g. {"text": 128, "image": 128}.
        state_dim: of the kernel; None where its states are indices.
    """

    shape: NodeShape
    codes: int
    condition_dims: Mapping[str, int]
    dim: int = 128
    depth: int = 4
    heads: int = 4
    state_dim: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.shape, NodeShape):
            object.__setattr__(self, "shape", NodeShape(**self.shape))
        check_heads(self.dim, self.heads)
        if not self.condition_dims:
            raise ValueError("condition_dims must name at least one kind of condition, got {}")


@dataclass(frozen=True)
class GraphCondition:
    """What the evolution of a graph is conditioned on.

    Attributes:
        initial: codes of the initial graph (batch, nodes), slot-aligned.
        stated: which nodes the initial graph states, (batch, nodes) bool.
        kind: name of the condition, a key of ``condition_dims``.
        context: (batch, tokens, condition_dims[kind]).
        context_valid: (batch, tokens) bool; None means all.
    """

    initial: Tensor
    stated: Tensor
    kind: str
    context: Tensor
    context_valid: Tensor | None = None


class GraphDiffuser(nn.Module):
    """Denoiser of graph codes; objects, relations and the place are its transformer tokens.

    An object's property nodes enter its token as a sum and are read out from it again, so the
    sequence has S + R + 1 tokens instead of S (1 + C) + R + 1.
    """

    Config = GraphDiffuserConfig

    def __init__(self, config: GraphDiffuserConfig) -> None:
        super().__init__()
        self.config = config
        shape, dim = config.shape, config.dim
        columns = 1 + shape.properties  # object label and properties: the nodes of one slot
        kinds = (shape.columns, columns + 2)
        self.noisy = typed_states(*kinds, config.codes, config.state_dim, dim)
        self.initial = TypedCodes(*kinds, config.codes, dim)
        self.place_token = nn.Parameter(torch.zeros(dim))
        self.step = TimestepEmbedding(dim)
        self.contexts = nn.ModuleDict(
            {kind: nn.Linear(width, dim) for kind, width in config.condition_dims.items()}
        )
        self.mixes = nn.ModuleList(_TrunkMix(shape, dim) for _ in range(config.depth))
        self.blocks = nn.ModuleList(Block(dim, config.heads, dim) for _ in range(config.depth))
        self.norm = nn.LayerNorm(dim)
        self.split_columns = nn.Linear(dim, columns * dim)
        self.heads = nn.Parameter(torch.randn(columns + 2, dim, config.codes) * dim**-0.5)
        self.bias = nn.Parameter(torch.zeros(columns + 2, config.codes))

    def forward(self, z_t: Tensor, t: Tensor, *conditions: GraphCondition) -> Tensor:
        """Logits of the clean codes, (batch, nodes, K), from noisy states.

        Several conditions are those of successive parts of the batch, so that parts of different
        kinds share one pass.
        """
        shape = self.config.shape
        context, valid = self._context(conditions)
        mask = key_mask(valid)
        initial = torch.cat([part.initial for part in conditions])
        stated = torch.cat([part.stated for part in conditions])
        # states outside "stated" read the mask state, which says nothing
        initial = torch.where(stated, initial, self.config.codes)
        labels, properties, relations, place = shape.split(self.noisy(z_t) + self.initial(initial))
        slot_nodes = torch.cat([labels[:, :, None], properties], dim=2)
        objects = slot_nodes.sum(dim=2)
        x = torch.cat([objects, relations, place + self.place_token], dim=1)
        pooled = self.step(t) + mean_token(context, valid)
        for mix, block in zip(self.mixes, self.blocks, strict=True):
            x = block(mix(x), pooled, context, mask)
        objects, relations, place = self.norm(x).split([shape.slots, shape.pairs, 1], dim=1)
        nodes = self.split_columns(objects).unflatten(-1, (-1, self.config.dim))
        nodes = F.gelu(nodes + slot_nodes)  # (b, slots, columns, dim)
        return self._logits(nodes, relations, place)

    def _context(self, conditions: tuple[GraphCondition, ...]) -> tuple[Tensor, Tensor]:
        """Context tokens (batch, longest, dim) of all parts, and which of them are there."""
        longest = max(part.context.shape[1] for part in conditions)
        contexts, valids = [], []
        for part in conditions:
            context = self.contexts[part.kind](part.context)
            valid = part.context_valid
            if valid is None:
                valid = torch.ones(context.shape[:2], dtype=torch.bool, device=context.device)
            missing = longest - context.shape[1]
            contexts.append(F.pad(context, (0, 0, 0, missing)))
            valids.append(F.pad(valid, (0, missing)))
        return torch.cat(contexts), torch.cat(valids)

    def _logits(self, nodes: Tensor, relations: Tensor, place: Tensor) -> Tensor:
        # in float32: evidence and temperature multiply the rounding of lower precision
        with full_precision(nodes.device):
            slot_logits = torch.einsum("bscd,cdk->bsck", nodes.float(), self.heads[:-2])
            slot_logits = slot_logits + self.bias[:-2]
            relation_logits = relations.float() @ self.heads[-2] + self.bias[-2]
            place_logits = place.float() @ self.heads[-1] + self.bias[-1]
        return self.config.shape.join(
            slot_logits[:, :, 0], slot_logits[:, :, 1:], relation_logits, place_logits
        )


class _TrunkMix(nn.Module):
    """Messages between the object, relation and place tokens of the trunk."""

    def __init__(self, shape: NodeShape, dim: int) -> None:
        super().__init__()
        self.sizes = [shape.slots, shape.pairs, 1]
        self.norm = nn.LayerNorm(dim)
        self.edges = EdgeMessages(shape.slots, dim)

    def forward(self, x: Tensor) -> Tensor:
        objects, relations, _ = self.norm(x).split(self.sizes, dim=1)
        return x + torch.cat(self.edges(objects, relations), dim=1)
