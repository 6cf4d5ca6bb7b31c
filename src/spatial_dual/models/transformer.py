"""A transformer with adaptive normalisation and cross-attention, shared by all denoisers."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.attention import Attention


class TimestepEmbedding(nn.Module):
    """Sinusoids of the diffusion step through two linear layers: (batch,) to (batch, dim)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.waves = max(1, dim // 2)
        self.project = nn.Sequential(nn.Linear(2 * self.waves, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, t: Tensor) -> Tensor:
        """Embed the steps ``t``."""
        scale = -math.log(10_000) / self.waves
        frequencies = torch.exp(scale * torch.arange(self.waves, device=t.device))
        angles = t[:, None].float() * frequencies  # (batch, waves)
        embedded: Tensor = self.project(torch.cat([angles.sin(), angles.cos()], dim=1))
        return embedded


class Block(nn.Module):
    """Self-attention, cross-attention and feed-forward, each scaled and shifted by the step."""

    def __init__(self, dim: int, heads: int, context_dim: int | None, ratio: int = 4) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(dim, elementwise_affine=False) for _ in range(3))
        self.self_attention = Attention(dim, heads)
        self.cross_attention = Attention(dim, heads, context_dim) if context_dim else None
        contract = nn.Linear(ratio * dim, dim)
        self.feed_forward = nn.Sequential(nn.Linear(dim, ratio * dim), nn.GELU(), contract)
        # residual branches start small, so that a deep stack keeps unit scale
        nn.init.normal_(contract.weight, std=0.02)
        self.modulation = nn.Linear(dim, 6 * dim)
        # a new block ignores the step: scale, shift and gate offsets are 0
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        context: Tensor | None,
        context_mask: Tensor | None,
    ) -> Tensor:
        """Map x (batch, n, dim) under condition (batch, dim), context (batch, m, context_dim)."""
        parts = self.modulation(F.silu(condition))[:, None].chunk(6, dim=-1)
        scale, shift, gate, mlp_scale, mlp_shift, mlp_gate = parts
        h = self.norms[0](x) * (1 + scale) + shift
        x = x + (1 + gate) * self.self_attention(h, h)
        if self.cross_attention is not None and context is not None:
            x = x + self.cross_attention(self.norms[1](x), context, context_mask)
        h = self.norms[2](x) * (1 + mlp_scale) + mlp_shift
        return x + (1 + mlp_gate) * self.feed_forward(h)


class Transformer(nn.Module):
    """A stack of blocks over tokens that already carry their positions."""

    def __init__(self, dim: int, depth: int, heads: int, context_dim: int | None = None) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(dim, heads, context_dim) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        context: Tensor | None = None,
        context_mask: Tensor | None = None,
    ) -> Tensor:
        """Hidden states (batch, n, dim) of x under condition (batch, dim) and context.

        ``context_mask`` is additive, as ``mask`` in ``attend``.
        """
        for block in self.blocks:
            x = block(x, condition, context, context_mask)
        hidden: Tensor = self.norm(x)
        return hidden


def compile_blocks(model: nn.Module, backend: str = "inductor") -> None:
    """Compile every block of ``model`` in place, where that pays: on CUDA.

    Block by block one compilation serves all blocks of a shape, and names of weights stay.
    """
    for module in model.modules():
        if isinstance(module, Block):
            module.compile(backend=backend)
