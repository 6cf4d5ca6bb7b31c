"""Image and text diffusers: p_θ(z^I_{t-1} | z^I_t, c_Y ⊕ c_G), p_φ(z^Y_{t-1} | z^Y_t, c_I ⊕ c_G).

One network serves both: image tokens lie on a grid and also see the layout of the 3DSG.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.devices import full_precision
from spatial_dual.models.attention import check_heads, key_mask
from spatial_dual.models.conditions import condition_tokens, mean_token
from spatial_dual.models.graph_nodes import GraphTokens, NodeShape, Tags
from spatial_dual.models.hourglass import Hourglass
from spatial_dual.models.layout_map import LayoutMap
from spatial_dual.models.states import state_embedding
from spatial_dual.models.tag_words import TagWords
from spatial_dual.models.transformer import TimestepEmbedding, Transformer
from spatial_dual.models.unet import UNet

TRUNKS = ("transformer", "hourglass", "unet")


@dataclass(frozen=True)
class TokenDiffuserConfig:
    """Sizes of the denoiser.

    Attributes:
        shape: tag spaces of the graphs.
        codes: K, classes of a token without the mask state.
        tokens: tokens of a sample.
        condition_dim: width of the other modality's feature (c_Y or c_I).
        is_grid: whether the tokens form a square image grid.
        state_dim: of the kernel; None where its states are indices.
        trunk: "transformer", or for grids "hourglass" or "unet", the paper's.
        coarse_dim: width of an hourglass where it is narrow.
        sees_graph: whether c_G is a condition; without it c_Y or c_I is the only one.
        given_coarse: whether the codes of a grid of half the side are a condition too.
        words: of the graph's tags, where tokens are words: then tokens, tags and logits share one
            table.
    """

    shape: NodeShape
    codes: int
    tokens: int
    condition_dim: int
    is_grid: bool
    dim: int = 192
    depth: int = 4
    heads: int = 6
    state_dim: int | None = None
    trunk: str = "transformer"
    coarse_dim: int = 192
    sees_graph: bool = True
    given_coarse: bool = False
    words: TagWords | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.shape, NodeShape):
            object.__setattr__(self, "shape", NodeShape(**self.shape))
        if isinstance(self.words, Mapping):  # JSON gives mappings
            object.__setattr__(self, "words", TagWords(**self.words))
        if self.words and (self.is_grid or self.state_dim is not None):
            raise ValueError("words are for text tokens whose states are indices")
        if self.trunk not in TRUNKS:
            raise ValueError(f"trunk must be one of {', '.join(TRUNKS)}, got {self.trunk!r}")
        if self.trunk != "transformer" and not self.is_grid:
            raise ValueError(f"trunk {self.trunk!r} needs image tokens, which lie on a grid")
        check_heads(self.coarse_dim if self.trunk == "hourglass" else self.dim, self.heads)
        if self.is_grid and self.grid**2 != self.tokens:
            raise ValueError(f"tokens must be a square number for a grid, got {self.tokens}")
        if self.trunk == "hourglass" and self.grid % 2:
            raise ValueError(f"an hourglass needs a grid of even side, got {self.grid}")

    @property
    def grid(self) -> int:
        """Side of the token grid."""
        return round(self.tokens**0.5)


@dataclass(frozen=True)
class TokenCondition:
    """What a sample is drawn from.

    Attributes:
        tags: tags of the 3DSG (c_G), a batch.
        feature: of the other modality, (batch, tokens, condition_dim) or (batch, condition_dim),
            see ``models.conditions``.
        dropped: samples that see no condition, (batch,) bool: classifier-free guidance.
        coarse: codes of the grid of half the side, (batch, tokens / 4), never dropped.
    """

    tags: Tags
    feature: Tensor
    dropped: Tensor | None = None
    coarse: Tensor | None = None

    def without(self) -> "TokenCondition":
        """The same batch with every condition dropped."""
        everyone = torch.ones(len(self.feature), dtype=torch.bool, device=self.feature.device)
        return replace(self, dropped=everyone)


@dataclass(frozen=True)
class ReadCondition:
    """A condition as ``TokenDiffuser.read`` takes it in, the same at every step of a chain.

    Attributes:
        feature: mean of the tokens of c, or what stands for no condition, (batch, dim).
        context: that, the tokens and the nodes, which cross-attention reads, (batch, keys, dim).
        mask: additive, of the context's keys.
        added: to the embedded tokens: layout and coarse codes, (batch, tokens, dim) or 0.
    """

    feature: Tensor
    context: Tensor
    mask: Tensor
    added: Tensor | float


@dataclass(frozen=True)
class LazyLogits:
    """Logits (batch, tokens, K) of hidden states, computed where they are asked for.

    Attributes:
        diffuser: whose hidden states they are.
        hidden: (batch, tokens, dim).
    """

    diffuser: "TokenDiffuser"
    hidden: Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """(batch, tokens, K)."""
        batch, tokens = self.hidden.shape[:2]
        return batch, tokens, self.diffuser.config.codes

    def __getitem__(self, where: slice | tuple[Tensor, ...]) -> Tensor:
        """float32 logits (…, K) of all tokens ([:]), or of those at indices [rows, columns].

        Guidance and temperatures multiply the rounding of lower precision.
        """
        with full_precision(self.hidden.device):
            return self.diffuser.logits(self.hidden[where].float())


class TokenDiffuser(nn.Module):
    """Denoiser of image or text tokens, given a 3DSG and the other modality's feature."""

    Config = TokenDiffuserConfig

    def __init__(self, config: TokenDiffuserConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.embed = state_embedding(config.codes, config.state_dim, dim)
        self.positions = nn.Parameter(0.1 * torch.randn(config.tokens, dim))
        self.step = TimestepEmbedding(dim)
        self.graph = GraphTokens(config.shape, dim, config.words) if config.sees_graph else None
        self.feature = nn.Linear(config.condition_dim, dim)
        self.no_condition = nn.Parameter(torch.randn(dim))
        has_layout = config.is_grid and config.sees_graph
        self.layout = LayoutMap(config.grid, dim) if has_layout else None
        self.coarse = nn.Embedding(config.codes, dim) if config.given_coarse else None
        self.trunk = _build_trunk(config)
        if config.words:
            self.bias = nn.Parameter(torch.zeros(config.codes))
        else:
            self.head = nn.Linear(dim, config.codes)

    def forward(self, z_t: Tensor, t: Tensor, condition: TokenCondition | ReadCondition) -> Tensor:
        """Logits of the clean tokens (batch, tokens, K) from noisy states."""
        return self.logits(self.hidden(z_t, t, condition))

    def predict(
        self, z_t: Tensor, t: Tensor, condition: TokenCondition | ReadCondition
    ) -> LazyLogits:
        """The same as ``forward`` for a sampler, which needs the logits of some tokens only."""
        return LazyLogits(self, self.hidden(z_t, t, condition))

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits (…, K) of hidden states (…, dim)."""
        table = self._word_table()
        if table is not None:  # its entries have unit variance
            return F.linear(hidden * self.config.dim**-0.5, table, self.bias)
        logits: Tensor = self.head(hidden)
        return logits

    def hidden(self, z_t: Tensor, t: Tensor, condition: TokenCondition | ReadCondition) -> Tensor:
        """Hidden states (batch, tokens, dim); the dual task's "intermediate features"."""
        read = condition if isinstance(condition, ReadCondition) else self.read(condition)
        x = self.embed(z_t) + self.positions + read.added
        out: Tensor = self.trunk(x, self.step(t) + read.feature, read.context, read.mask)
        return out

    def read(self, condition: TokenCondition) -> ReadCondition:
        """What all steps of a chain under ``condition`` share."""
        tokens, known = condition_tokens(condition.feature)
        tokens = self.feature(tokens.to(self.no_condition.dtype))
        feature = mean_token(tokens, known)
        if self.graph is None:
            nodes = feature.new_zeros(len(feature), 0, self.config.dim)
            valid = torch.zeros(nodes.shape[:2], dtype=torch.bool, device=nodes.device)
        else:
            nodes, valid = self.graph(condition.tags, self._word_table())
        dropped = condition.dropped
        kept = valid.new_ones(len(valid)) if dropped is None else ~dropped
        added: Tensor | float = 0.0
        if self.coarse is not None and condition.coarse is not None:
            added = added + _doubled(self.coarse(condition.coarse))
        if self.layout is not None:
            slots = self.config.shape.slots
            layout = self.layout(nodes[:, :slots], condition.tags["geometry"], valid[:, :slots])
            added = added + layout * kept[:, None, None]
        feature = torch.where(kept[:, None], feature, self.no_condition)
        if tokens.shape[1] == 1:  # the feature itself
            tokens, known = tokens[:, :0], known[:, :0]
        context = torch.cat([feature[:, None], tokens, nodes], dim=1)
        given = torch.cat([known, valid], dim=1) & kept[:, None]
        seen = torch.cat([torch.ones_like(kept)[:, None], given], dim=1)
        return ReadCondition(feature, context, key_mask(seen), added)

    def _word_table(self) -> Tensor | None:
        """Embeddings (K, dim) of the tokens, where they are words."""
        if not isinstance(self.embed, nn.Embedding) or self.config.words is None:
            return None
        return self.embed.weight[: self.config.codes]


def _doubled(x: Tensor) -> Tensor:
    """Hidden states (batch, n, dim) of a square grid, each repeated for 2 × 2 tokens."""
    side = round(x.shape[1] ** 0.5)
    grid = x.unflatten(1, (side, side))
    return grid.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2).flatten(1, 2)


def _build_trunk(config: TokenDiffuserConfig) -> nn.Module:
    dim, depth, heads = config.dim, config.depth, config.heads
    if config.trunk == "hourglass":
        return Hourglass(dim, depth, heads, config.coarse_dim, config.grid)
    if config.trunk == "unet":
        return UNet(dim, depth, heads, dim, config.grid)
    return Transformer(dim, depth, heads, dim)
