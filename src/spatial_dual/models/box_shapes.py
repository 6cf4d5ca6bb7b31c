"""What objects draw at each place of their boxes, summed over the objects: the layout's hot path.

    out_c = Σ_s w_cs g_s ⊙ gelu(B f_cs + b)

f are features of cell c's place in the box of object s, w how much the cell looks at it, for each
head, and g the coefficients of the object.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional as F


def draw_shapes(
    features: Tensor, basis: Tensor, bias: Tensor, coefficients: Tensor, weights: Tensor
) -> Tensor:
    """out, (batch, cells, dim), in the precision of the coefficients.

    Args:
        features: f, (batch, cells, slots, features); they learn nothing.
        basis: B, (dim, features).
        bias: b, (dim,).
        coefficients: g, (batch, slots, dim).
        weights: w, (batch, cells, slots, heads), heads sharing out dim.
    """
    dtype = coefficients.dtype
    cast = (features.to(dtype), basis.to(dtype), bias.to(dtype), coefficients, weights.to(dtype))
    if features.device.type != "cpu":
        return draw_shapes_plainly(*cast)
    drawn: Tensor = _DrawShapes.apply(*cast)
    return drawn


def draw_shapes_plainly(
    features: Tensor, basis: Tensor, bias: Tensor, coefficients: Tensor, weights: Tensor
) -> Tensor:
    """``draw_shapes`` of tensors of one precision, all at once."""
    drawn = F.gelu(F.linear(features, basis, bias)) * coefficients[:, None]  # (b, c, s, d)
    heads = drawn.unflatten(-1, (weights.shape[-1], -1))
    return (heads * weights[..., None]).sum(2).flatten(2)


class _DrawShapes(torch.autograd.Function):
    """``draw_shapes_plainly`` picture by picture, to stay in the cache.

    What is (cells, slots, dim) large is not kept but made again for the gradient.
    """

    @staticmethod
    @torch.autocast("cpu", enabled=False)
    def forward(
        ctx: FunctionCtx,
        features: Tensor,
        basis: Tensor,
        bias: Tensor,
        coefficients: Tensor,
        weights: Tensor,
    ) -> Tensor:
        ctx.save_for_backward(features, basis, bias, coefficients, weights)
        batch, cells, slots, heads = weights.shape
        out = coefficients.new_empty(batch, cells, heads, len(bias) // heads)
        for i in range(batch):
            drawn = F.gelu(F.linear(features[i], basis, bias)).mul_(coefficients[i])
            torch.sum(
                drawn.view(cells, slots, heads, -1).mul_(weights[i, ..., None]), 1, out=out[i]
            )
        return out.flatten(2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, basis, bias, coefficients, weights = ctx.saved_tensors
        batch, cells, slots, heads = weights.shape
        shape = (cells, slots, heads, -1)
        by_basis, by_bias = (
            torch.zeros_like(basis, dtype=torch.float32),
            torch.zeros_like(bias, dtype=torch.float32),
        )
        by_coefficients, by_weights = torch.empty_like(coefficients), torch.empty_like(weights)
        for i in range(batch):
            by_out = gradients[0][i].view(cells, 1, heads, -1)
            linear = F.linear(features[i], basis, bias)  # (c, s, d)
            kinds = F.gelu(linear)
            drawn = (kinds * coefficients[i]).view(shape)
            torch.sum(drawn.mul_(by_out), -1, out=by_weights[i])
            by_drawn = torch.mul(by_out, weights[i, ..., None]).view(cells, slots, -1)
            torch.sum(kinds.mul_(by_drawn), 0, out=by_coefficients[i])
            by_linear = torch.ops.aten.gelu_backward(by_drawn.mul_(coefficients[i]), linear)
            by_linear = by_linear.flatten(0, 1)
            by_basis += by_linear.T @ features[i].flatten(0, 1)
            by_bias += by_linear.sum(0)
        return None, by_basis.to(basis.dtype), by_bias.to(bias.dtype), by_coefficients, by_weights
