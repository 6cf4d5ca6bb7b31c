"""Hourglass transformer: the trunk of the image denoiser with the least work for a token.

Neighbouring image tokens are settled by convolutions at full resolution, all that is far by a
transformer over 2 × 2 patches of tokens (shortened as in Nawrot et al. 2022, "Hierarchical
Transformers Are More Efficient Language Models").
"""

from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.transformer import Transformer

BLOCKS_BEFORE, BLOCKS_AFTER = 2, 1
"""Convolution blocks on either side of the transformer. In trainings of 200 steps a second one
before it lowered the cross-entropy by up to .08 nats, most at high noise; more of either did
nothing."""


class Hourglass(nn.Module):
    """Hidden states of tokens on a square grid.

    Args:
        dim: width of the tokens, of the condition and of the context.
        depth: transformer blocks at half the side.
        heads: of the transformer.
        coarse_dim: width of the transformer.
        grid: side of the token grid, an even number.
    """

    def __init__(self, dim: int, depth: int, heads: int, coarse_dim: int, grid: int) -> None:
        super().__init__()
        self.grid = grid
        self.before = nn.ModuleList(ConvBlock(dim) for _ in range(BLOCKS_BEFORE))
        self.down = nn.Linear(4 * dim, coarse_dim)
        self.condition = nn.Linear(dim, coarse_dim)
        self.trunk = Transformer(coarse_dim, depth, heads, dim)
        self.up = nn.Linear(coarse_dim, 4 * dim)
        self.after = nn.ModuleList(ConvBlock(dim) for _ in range(BLOCKS_AFTER))
        self.norm = nn.LayerNorm(dim)

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        context: Tensor,
        context_mask: Tensor | None = None,
    ) -> Tensor:
        """Hidden states (batch, n, dim) of x under condition (batch, dim) and context."""
        x = x.unflatten(1, (self.grid, self.grid))  # (b, side, side, d)
        for block in self.before:
            x = block(x, condition)
        coarse = self.down(fold_patches(x))  # (b, n / 4, coarse)
        coarse = self.trunk(coarse, self.condition(condition), context, context_mask)
        x = x + unfold_patches(self.up(coarse), self.grid)
        for block in self.after:
            x = block(x, condition)
        hidden: Tensor = self.norm(x.flatten(1, 2))
        return hidden


class ConvBlock(nn.Module):
    """Residual 3 × 3 convolution over a grid, scaled and shifted by the step."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.modulation = nn.Linear(dim, 2 * dim)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        self.expand = nn.Conv2d(dim, 2 * dim, 3, padding=1)
        self.contract = nn.Linear(2 * dim, dim)
        nn.init.normal_(self.contract.weight, std=0.02)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map x (batch, side, side, dim) under condition (batch, dim)."""
        scale, shift = self.modulation(F.silu(condition))[:, None, None].chunk(2, dim=-1)
        h = self.norm(x) * (1 + scale) + shift
        # channels stay the innermost axis in memory: no copies between convolution and linear
        h = self.expand(h.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        out: Tensor = x + self.contract(F.gelu(h))
        return out


def fold_patches(x: Tensor) -> Tensor:
    """Grid (batch, side, side, d) to its 2 × 2 patches (batch, side² / 4, 4 d), row by row."""
    x = x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2))  # (b, rows, 2, columns, 2, d)
    return x.transpose(2, 3).flatten(3).flatten(1, 2)


def unfold_patches(patches: Tensor, side: int) -> Tensor:
    """Inverse of ``fold_patches``: (batch, side² / 4, 4 d) to (batch, side, side, d)."""
    half = side // 2
    x = patches.unflatten(2, (2, 2, -1)).unflatten(1, (half, half))
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)
