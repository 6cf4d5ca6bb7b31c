"""The paper's U-Net as the trunk of the image denoiser, with the transformer's interface.

Residual convolutions scaled and shifted by the step, and blocks of self- and cross-attention on
the coarser levels (Rombach et al. 2022, sections 3.2, 3.3).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.transformer import Block

GROUPS = 8
COARSEST = 8
"""Smallest side of a level, as for 32 × 32 tokens: 32, 16, 8."""


class UNet(nn.Module):
    """Hidden states of tokens on a square grid; the width doubles where the side halves.

    Args:
        dim: width at the finest level, a multiple of ``GROUPS``.
        depth: residual units of each level on the way down, and again on the way up.
        heads: of the finest level; every level keeps the width of a head.
        context_dim: width of the context tokens.
        grid: side of the token grid; halved while it is even and at least twice ``COARSEST``.

    Raises:
        ValueError: a width out of step.
    """

    def __init__(self, dim: int, depth: int, heads: int, context_dim: int, grid: int) -> None:
        super().__init__()
        if dim % GROUPS:
            raise ValueError(f"dim must be a multiple of {GROUPS}, got {dim}")
        self.grid = grid
        levels = count_levels(grid)
        widths = [dim * 2**level for level in range(levels)]

        def stage(level: int, inputs: int) -> _Stage:
            attends = heads * 2**level if level or levels == 1 else None
            return _Stage(inputs, widths[level], dim, depth, attends, context_dim)

        before = [dim, *widths[:-1]]
        self.down = nn.ModuleList(stage(level, before[level]) for level in range(levels))
        self.middle = stage(levels - 1, widths[-1])
        self.up = nn.ModuleList(
            stage(level, 2 * widths[level]) for level in reversed(range(levels))
        )
        self.shrink = nn.ModuleList(nn.Conv2d(w, w, 3, 2, 1) for w in widths[:-1])
        self.grow = nn.ModuleList(nn.Conv2d(2 * w, w, 3, 1, 1) for w in reversed(widths[:-1]))
        self.norm = nn.LayerNorm(dim)

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        context: Tensor,
        context_mask: Tensor | None = None,
    ) -> Tensor:
        """Hidden states (batch, n, dim) of x under condition (batch, dim) and context."""
        h = x.transpose(1, 2).unflatten(2, (self.grid, self.grid))
        skips = []
        for level, stage in enumerate(self.down):
            h = stage(h, condition, context, context_mask)
            skips.append(h)
            if level < len(self.shrink):
                h = self.shrink[level](h)
        h = self.middle(h, condition, context, context_mask)
        for level, stage in enumerate(self.up):
            h = stage(torch.cat([h, skips.pop()], dim=1), condition, context, context_mask)
            if level < len(self.grow):
                h = self.grow[level](F.interpolate(h, scale_factor=2.0, mode="nearest"))
        hidden: Tensor = self.norm(h.flatten(2).transpose(1, 2))
        return hidden


def count_levels(grid: int) -> int:
    """Resolutions of a grid of that side."""
    return 1 if grid % 2 or grid < 2 * COARSEST else 1 + count_levels(grid // 2)


class _Stage(nn.Module):
    """Residual units of one level, each followed by attention where ``heads`` is a number."""

    def __init__(
        self,
        inputs: int,
        width: int,
        condition_dim: int,
        depth: int,
        heads: int | None,
        context_dim: int,
    ) -> None:
        super().__init__()
        sizes = [inputs, *[width] * (depth - 1)]
        self.units = nn.ModuleList(_ResidualUnit(size, width, condition_dim) for size in sizes)
        if heads is not None:
            self.condition = nn.Linear(condition_dim, width)
            self.blocks = nn.ModuleList(
                Block(width, heads, context_dim, ratio=2) for _ in range(depth)
            )
        self.attends = heads is not None

    def forward(
        self, x: Tensor, condition: Tensor, context: Tensor, context_mask: Tensor | None
    ) -> Tensor:
        """Map (batch, inputs, h, w) to (batch, width, h, w)."""
        own = self.condition(condition) if self.attends else None
        for index, unit in enumerate(self.units):
            x = unit(x, condition)
            if self.attends:
                tokens = x.flatten(2).transpose(1, 2)
                tokens = self.blocks[index](tokens, own, context, context_mask)
                x = tokens.transpose(1, 2).unflatten(2, x.shape[2:])
        return x


class _ResidualUnit(nn.Module):
    """Two normalised convolutions, the second scaled and shifted by the step and zero at first."""

    def __init__(self, inputs: int, width: int, condition_dim: int) -> None:
        super().__init__()
        self.enter = nn.GroupNorm(GROUPS, inputs)
        self.first = nn.Conv2d(inputs, width, 3, padding=1)
        self.modulation = nn.Linear(condition_dim, 2 * width)
        self.inner = nn.GroupNorm(GROUPS, width, affine=False)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]
        self.skip = nn.Conv2d(inputs, width, 1) if inputs != width else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map (batch, inputs, h, w) to (batch, width, h, w)."""
        scale, shift = self.modulation(F.silu(condition))[..., None, None].chunk(2, dim=1)
        h = self.inner(self.first(F.silu(self.enter(x)))) * (1 + scale) + shift
        out: Tensor = self.skip(x) + self.second(F.silu(h))
        return out
