"""Divergences between reverse steps of discrete kernels, in nats."""

import torch
from torch import Tensor

from spatial_dual.diffusion.log_terms import log_terms
from spatial_dual.diffusion.posterior import Affine


def affine_kl(
    affine: Affine,
    logits: Tensor,
    x_0: Tensor,
    x_t_index: Tensor,
    same: Tensor,
    visible: Tensor,
    spreads: bool,
) -> tuple[Tensor, Tensor]:
    """KL(q(x_s | x_t, x_0) || p(x_s | x_t)) and log p(x_0 | x_t), per token in nats.

    q takes one value at x_0, one at x_t and one at all other classes, so only the last needs a
    sum over K, and not even that without replacement.

    Args:
        affine: coefficients of the step.
        logits: of p(x_0 | x_t), (batch, tokens, K).
        x_0: classes (batch, tokens).
        x_t_index: x_t, any class where masked.
        same: where x_t = x_0.
        visible: where x_t is not masked.
        spreads: whether classes other than x_0 and x_t have any mass.

    Returns:
        Two tensors (batch, tokens), differentiable once.
    """
    both = torch.stack((x_0, x_t_index), -1)
    line = affine if spreads else None
    log_at_x_0, log_at_x_t, sum_log_line = log_terms(logits, both, line)
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
        return result, log_at_x_0
    p_x_t = affine.stay_slope * at_x_t + affine.stay_offset
    other_x_t = affine.stay_offset * (_floor_log(affine.stay_offset) - _floor_log(p_x_t))
    apart = visible & ~same
    special = _floor_log(affine.slope * log_at_x_0.exp() + offset)
    special = special + torch.where(apart, _floor_log(affine.slope * at_x_t + offset), 0)
    count = logits.shape[-1] - 1 - apart.long()
    q_rest = torch.where(same, affine.offset_present, affine.offset_absent)
    result = result + torch.where(same, 0, other_x_t)
    return result + q_rest * (count * _floor_log(q_rest) - (sum_log_line - special)), log_at_x_0


def total_kl(p: Tensor, q: Tensor) -> Tensor:
    """KL(p || q) over the last dimension in nats; states of p = 0 count nothing."""
    return (p * (_floor_log(p) - _floor_log(q))).sum(-1)


def _floor(values: Tensor) -> Tensor:
    return values.clamp_min(torch.finfo(values.dtype).tiny)


def _floor_log(values: Tensor) -> Tensor:
    return _floor(values).log()


def _log(values: Tensor) -> Tensor:
    # The inner choice keeps the gradient of log 0 from turning into NaN.
    positive = values > 0
    return torch.where(positive, torch.where(positive, values, 1).log(), -torch.inf)
