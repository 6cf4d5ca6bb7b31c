"""Divergences between reverse steps of discrete kernels, in nats."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from spatial_dual.diffusion.posterior import Affine


def affine_kl(
    affine: Affine,
    log_probabilities: Tensor,
    x_0: Tensor,
    x_t_index: Tensor,
    same: Tensor,
    visible: Tensor,
    spreads: bool,
) -> Tensor:
    """KL(q(x_s | x_t, x_0) || p(x_s | x_t)) per token in nats, (batch, tokens).

    q takes one value at x_0, one at x_t and one at all other classes, so only the last needs a
    sum over K, and not even that without replacement.

    Args:
        affine: coefficients of the step.
        log_probabilities: log p(x_0 | x_t), (batch, tokens, K).
        x_0: classes (batch, tokens).
        x_t_index: x_t, any class where masked.
        same: where x_t = x_0.
        visible: where x_t is not masked.
        spreads: whether classes other than x_0 and x_t have any mass.
    """
    both = torch.stack((x_0, x_t_index), -1)
    log_at_x_0, log_at_x_t = log_probabilities.gather(-1, both).unbind(-1)
    at_x_t = log_at_x_t.exp()
    offset = affine.offset(at_x_t)
    slope_x_0 = torch.where(same, affine.stay_slope, affine.slope)
    offset_x_0 = torch.where(same, affine.stay_offset, offset)
    log_p_x_0 = torch.logaddexp(_log(slope_x_0) + log_at_x_0, _log(offset_x_0))
    q_x_0 = torch.where(
        same, affine.stay_slope + affine.stay_offset, affine.slope + affine.offset_absent
    )
    result = q_x_0 * (q_x_0.log() - log_p_x_0)
    if not spreads:
        return result
    p_x_t = affine.stay_slope * at_x_t + affine.stay_offset
    other_x_t = affine.stay_offset * (_floor_log(affine.stay_offset) - _floor_log(p_x_t))
    apart = visible & ~same
    special = _floor_log(affine.slope * log_at_x_0.exp() + offset)
    special = special + torch.where(apart, _floor_log(affine.slope * at_x_t + offset), 0)
    count = log_probabilities.shape[-1] - 1 - apart.long()
    q_rest = torch.where(same, affine.offset_present, affine.offset_absent)
    log_rest = _SumLogLine.apply(log_probabilities, affine.slope, _floor(offset)) - special
    result = result + torch.where(same, 0, other_x_t)
    return result + q_rest * (count * _floor_log(q_rest) - log_rest)


def total_kl(p: Tensor, q: Tensor) -> Tensor:
    """KL(p || q) over the last dimension in nats; states of p = 0 count nothing."""
    return (p * (_floor_log(p) - _floor_log(q))).sum(-1)


class _SumLogLine(torch.autograd.Function):
    """Sum over classes of log(slope · p + offset), offset positive, (batch, tokens).

    Written by hand because autograd keeps and walks over three K-wide tensors where one is enough;
    that was half of the time of the whole loss.
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx, log_probabilities: Tensor, slope: Tensor, offset: Tensor
    ) -> Tensor:
        line = log_probabilities.exp().mul_(slope.unsqueeze(-1)).add_(offset.unsqueeze(-1))
        ctx.save_for_backward(line, offset)
        return line.log().sum(-1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, Tensor]:
        (gradient,) = gradients
        line, offset = ctx.saved_tensors
        # slope · p / line = 1 - offset / line; scaling first keeps 0 · inf out of floored tokens.
        scaled = line.reciprocal().mul_(gradient.unsqueeze(-1))
        by_offset = scaled.sum(-1)
        by_prediction = scaled.mul_(-offset.unsqueeze(-1)).add_(gradient.unsqueeze(-1))
        return by_prediction, None, by_offset


def _floor(values: Tensor) -> Tensor:
    return values.clamp_min(torch.finfo(values.dtype).tiny)


def _floor_log(values: Tensor) -> Tensor:
    return _floor(values).log()


def _log(values: Tensor) -> Tensor:
    # The inner choice keeps the gradient of log 0 from turning into NaN.
    positive = values > 0
    return torch.where(positive, torch.where(positive, values, 1).log(), -torch.inf)
