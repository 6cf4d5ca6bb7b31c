"""A transformer with adaptive normalisation and cross-attention, shared by all denoisers."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class TimestepEmbedding(nn.Module):
    """Sinusoids of the diffusion step through two linear layers: (batch,) to (batch, dim)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.project = nn.Sequential(nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, t: Tensor) -> Tensor:
        """Embed the steps ``t``."""
        half = self.dim // 2
        scale = -math.log(10_000) / half
        frequencies = torch.exp(scale * torch.arange(half, device=t.device))
        angles = t[:, None].float() * frequencies  # (batch, half)
        embedded: Tensor = self.project(torch.cat([angles.sin(), angles.cos()], dim=1))
        return embedded


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q kᵀ / √d + mask) v for (batch, heads, tokens, dim) tensors.

    Written out on the CPU, where it is faster than the fused kernel under bfloat16.
    ``mask`` is additive and broadcasts to (batch, heads, queries, keys).
    """
    if query.device.type != "cpu":
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores + mask.to(scores.dtype)
    return scores.softmax(dim=-1).to(value.dtype) @ value


class Attention(nn.Module):
    """Multi-head attention with normalised queries and keys (QK-norm)."""

    def __init__(self, dim: int, heads: int, context_dim: int | None = None) -> None:
        super().__init__()
        self.heads, self.head_dim = heads, dim // heads
        self.query = nn.Linear(dim, dim, bias=False)
        self.key_value = nn.Linear(context_dim or dim, 2 * dim, bias=False)
        self.out = nn.Linear(dim, dim)
        nn.init.normal_(self.out.weight, std=0.02)
        self.query_norm = nn.RMSNorm(self.head_dim, elementwise_affine=False)
        self.key_norm = nn.RMSNorm(self.head_dim, elementwise_affine=False)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend from x (batch, n, dim) to context (batch, m, context_dim).

        ``mask`` is additive, (batch, 1, 1 or n, m).
        """
        query = self.query(x).unflatten(-1, (self.heads, self.head_dim))  # (b, n, h, e)
        key_value = self.key_value(context).unflatten(-1, (2, self.heads, self.head_dim))
        key, value = key_value.unbind(dim=2)  # (b, m, h, e) each
        query, key = self.query_norm(query).to(value.dtype), self.key_norm(key).to(value.dtype)
        mixed = attend(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), mask)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out


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


def key_mask(valid: Tensor) -> Tensor:
    """Additive mask (batch, 1, 1, keys) that hides keys where ``valid`` (batch, keys) is False."""
    hidden = torch.zeros(valid.shape, device=valid.device).masked_fill(~valid, -1e4)
    return hidden[:, None, None]


def check_heads(dim: int, heads: int) -> None:
    """Raise ValueError unless ``dim`` splits evenly into ``heads``."""
    if dim < 1 or heads < 1 or dim % heads:
        raise ValueError(f"dim must be a positive multiple of heads, got dim={dim}, heads={heads}")
