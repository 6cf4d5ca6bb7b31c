"""Multi-head attention with normalised queries and keys, shared by all denoisers."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional as F

EPSILON = torch.finfo(torch.float32).eps


class Attention(nn.Module):
    """Multi-head attention with normalised queries and keys (QK-norm)."""

    def __init__(self, dim: int, heads: int, context_dim: int | None = None) -> None:
        super().__init__()
        self.heads, self.head_dim = heads, dim // heads
        self.query = nn.Linear(dim, dim, bias=False)
        self.key_value = nn.Linear(context_dim or dim, 2 * dim, bias=False)
        self.out = nn.Linear(dim, dim)
        nn.init.normal_(self.out.weight, std=0.02)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend from x (batch, n, dim) to context (batch, m, context_dim).

        ``mask`` is additive, (batch, 1, 1 or n, m).
        """
        # the 1 / √d of the scores is the queries' size
        (query,) = split_heads(self.query(x), self.heads, [self.head_dim**-0.5])
        key, value = split_heads(self.key_value(context), self.heads, [1.0, None])
        mixed = attend(query, key, value, mask)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q kᵀ + mask) v for (batch, heads, tokens, dim) tensors.

    Written out on the CPU, where it is faster than the fused kernel under bfloat16.
    ``mask`` is additive and broadcasts to (batch, heads, queries, keys).
    """
    if query.device.type != "cpu":
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=1.0)
    scores = query @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores + mask.to(scores.dtype)
    return scores.softmax(dim=-1).to(value.dtype) @ value


def split_heads(packed: Tensor, heads: int, sizes: Sequence[float | None]) -> tuple[Tensor, ...]:
    """Heads of what one linear layer projected: queries, or keys and values side by side.

    Args:
        packed: (batch, n, parts · heads · head_dim).
        heads: of each part.
        sizes: of each part, the root mean square that every head comes out with; None leaves it.

    Returns:
        The parts, (batch, heads, n, head_dim) each.
    """
    parts = packed.unflatten(-1, (len(sizes), heads, -1))  # (b, n, p, h, e)
    if packed.device.type != "cpu":
        return split_and_scale(parts, sizes)
    split: tuple[Tensor, ...] = _SplitAndScale.apply(parts, *sizes)
    return split


def split_and_scale(parts: Tensor, sizes: Sequence[float | None]) -> tuple[Tensor, ...]:
    """``split_heads`` of (batch, n, parts, heads, head_dim), as a compiler fuses it."""
    split = (part.transpose(1, 2) for part in parts.unbind(2))
    shape = parts.shape[-1:]
    return tuple(
        part if size is None else (size * F.rms_norm(part, shape, eps=EPSILON)).to(part.dtype)
        for part, size in zip(split, sizes, strict=True)
    )


class _SplitAndScale(torch.autograd.Function):
    """``split_and_scale`` in half the time on the CPU, where nothing fuses its passes.

    With r = size · rsqrt(mean(x²)) and y = r x the gradient is r (g - y mean(g y) / size²). Both
    are written in the order of axes that the products around them want.
    """

    @staticmethod
    @torch.autocast("cpu", enabled=False)
    def forward(ctx: FunctionCtx, parts: Tensor, *sizes: float | None) -> tuple[Tensor, ...]:
        split, scales = [], []
        for part, size in zip(parts.unbind(2), sizes, strict=True):
            heads = part.transpose(1, 2)
            scale = heads.new_empty(0) if size is None else _scale(heads, size)
            out = heads.new_empty(heads.shape)
            split.append(out.copy_(heads) if size is None else torch.mul(heads, scale, out=out))
            scales.append(scale)
        ctx.sizes = sizes  # type: ignore[attr-defined]
        ctx.save_for_backward(*split, *scales)
        return tuple(split)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        count = len(gradients)
        split, scales = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
        batch, heads, n, head_dim = gradients[0].shape
        result = gradients[0].new_empty(batch, n, count, heads, head_dim)
        for i, (gradient, size) in enumerate(zip(gradients, ctx.sizes, strict=True)):
            by_part = result[:, :, i].transpose(1, 2)
            if size is None:
                by_part.copy_(gradient)
                continue
            along = (gradient * split[i]).mean(-1, keepdim=True).div_(-(size**2))
            torch.mul((split[i] * along).add_(gradient), scales[i], out=by_part)
        return result, *[None] * count


def _scale(heads: Tensor, size: float) -> Tensor:
    """What brings each head of (batch, heads, n, head_dim) to ``size``: (batch, heads, n, 1)."""
    dtype = torch.promote_types(heads.dtype, torch.float32)
    norm = torch.linalg.vector_norm(heads, dim=-1, keepdim=True, dtype=dtype)
    mean_square = norm.square_().div_(heads.shape[-1])
    return mean_square.add_(EPSILON).rsqrt_().mul_(size).to(heads.dtype)


def key_mask(valid: Tensor) -> Tensor:
    """Additive mask (batch, 1, 1, keys) that hides keys where ``valid`` (batch, keys) is False."""
    hidden = torch.zeros(valid.shape, device=valid.device).masked_fill(~valid, -1e4)
    return hidden[:, None, None]


def check_heads(dim: int, heads: int) -> None:
    """Raise ValueError unless ``dim`` splits evenly into ``heads``."""
    if dim < 1 or heads < 1 or dim % heads:
        raise ValueError(f"dim must be a positive multiple of heads, got dim={dim}, heads={heads}")
