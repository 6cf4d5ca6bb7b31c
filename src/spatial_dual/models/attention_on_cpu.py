"""What attention does between its linear layers, with gradients by hand, for the CPU.

Nothing fuses passes there, and autograd leaves copies between them: products want axes in another
order than the layers give, and autocast takes softmax and norms to float32 and back.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

EPSILON = torch.finfo(torch.float32).eps


def attend_on_cpu(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q kᵀ + mask) v, see ``attention.attend``; differentiable once."""
    mixed: Tensor = _Attend.apply(query, key, value, mask)
    return mixed


def split_on_cpu(parts: Tensor, sizes: Sequence[float | None]) -> tuple[Tensor, ...]:
    """Heads of parts, in half the time of ``attention.split_and_scale``; differentiable once."""
    split: tuple[Tensor, ...] = _SplitAndScale.apply(parts, *sizes)
    return split


class _Attend(torch.autograd.Function):
    """``attend_on_cpu``."""

    @staticmethod
    @torch.autocast("cpu", enabled=False)
    def forward(
        ctx: FunctionCtx, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
    ) -> Tensor:
        scores = query @ key.transpose(-1, -2)
        if mask is not None:
            scores.add_(mask.to(scores.dtype))
        shares = scores.softmax(-1)
        ctx.save_for_backward(query, key, value, shares)
        return shares @ value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        query, key, value, shares = ctx.saved_tensors
        by_out = gradients[0].contiguous()
        by_shares = by_out @ value.transpose(-1, -2)
        by_scores = torch._softmax_backward_data(by_shares, shares, -1, shares.dtype)
        by_value = shares.transpose(-1, -2) @ by_out
        return by_scores @ key, by_scores.transpose(-1, -2) @ query, by_value, None


class _SplitAndScale(torch.autograd.Function):
    """``split_on_cpu``.

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
