"""The passes over K of the loss, and their gradient, written by hand.

Left to autograd they keep log-probabilities and what is made of them, K wide in float32, and add
up three gradients of that size. Here only the logits are kept, in their own precision.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from spatial_dual.diffusion.posterior import Affine

CACHED = 1 << 18
"""Elements that stay in a core's cache between one pass and the next."""


def log_terms(logits: Tensor, both: Tensor, line: Affine | None) -> tuple[Tensor, Tensor, Tensor]:
    """Log p(x_0), log p(x_t) and Σ_j log(slope · p_j + offset), p the softmax of the logits.

    The offset is ``line.offset(p(x_t))`` and counts as positive.

    Args:
        logits: (batch, tokens, K), any float dtype; computed in float32 at least.
        both: the classes x_0 and x_t, (batch, tokens, 2).
        line: coefficients, (batch, tokens) each; None leaves out the sum, which is then 0.

    Returns:
        Three tensors (batch, tokens), differentiable once in the logits.
    """
    dtype = torch.promote_types(logits.dtype, torch.float32)
    zeros = torch.zeros(both.shape[:-1], dtype=dtype, device=logits.device)
    slope = zeros if line is None else line.slope
    absent = zeros if line is None else line.offset_absent
    present = zeros if line is None else line.offset_present
    coefficients = torch.stack((slope, absent, present - absent), -1).flatten(0, -2)
    terms: Tensor = _LogTerms.apply(
        logits.flatten(0, -2), both.flatten(0, -2), coefficients, line is not None
    )
    at_x_0, at_x_t, total = terms.unflatten(0, both.shape[:-1]).unbind(-1)
    return at_x_0, at_x_t, total


class _LogTerms(torch.autograd.Function):
    """``log_terms`` of rows: logits (n, K), classes (n, 2), coefficients (n, 3) to (n, 3)."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, logits: Tensor, both: Tensor, coefficients: Tensor, has_line: bool
    ) -> Tensor:
        normaliser = coefficients.new_empty(len(logits), 1)
        terms = torch.zeros_like(coefficients)
        for some in _chunks(logits):
            rows = logits[some].to(terms.dtype)
            largest = rows.amax(-1, keepdim=True)
            chosen = rows.gather(-1, both[some])
            shares = (rows - largest).exp_()
            mass = shares.sum(-1, keepdim=True)
            normaliser[some] = largest + mass.log()
            at = terms[some, :2] = chosen - normaliser[some]
            if has_line:
                slope, offset, _ = _line(coefficients[some], at)
                line = shares.mul_(slope / mass).add_(offset)
                terms[some, 2] = _sum_log(line)
        ctx.save_for_backward(logits, both, coefficients, normaliser, terms)
        ctx.has_line = has_line  # type: ignore[attr-defined]
        return terms

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        logits, both, coefficients, normaliser, terms = ctx.saved_tensors
        result = torch.empty_like(logits)
        for some in _chunks(logits):
            by_at, by_sum = gradients[0][some].split((2, 1), -1)
            p = logits[some].to(terms.dtype).sub(normaliser[some]).exp_()
            if ctx.has_line:
                at = terms[some, :2]
                slope, offset, rise = _line(coefficients[some], at)
                # scaling first keeps 0 · inf out of tokens whose offset was 0
                by_offset = (p * slope).add_(offset).reciprocal_().mul_(by_sum)
                total = by_offset.sum(-1, keepdim=True)
                by_at = by_at + torch.cat((torch.zeros_like(rise), total * rise), -1)
                # ∂ log(slope · p + offset) / ∂ log p = 1 - offset / (slope · p + offset)
                by_log_p = by_offset.mul_(-offset).add_(by_sum)
                by_all = logits.shape[-1] * by_sum - offset * total + by_at.sum(-1, keepdim=True)
                by_logits = by_log_p.add_(p.mul_(-by_all))
            else:
                by_logits = p.mul_(-by_at.sum(-1, keepdim=True))
            result[some] = by_logits.scatter_add_(-1, both[some], by_at)
        return result, None, None, None


def _line(coefficients: Tensor, at: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Slope, floored offset, and the offset's derivative in log p(x_t); (n, 1) each."""
    slope, absent, rise = coefficients.split(1, -1)
    rise = rise * at[:, 1:].exp()
    offset = absent + rise
    least = torch.finfo(offset.dtype).tiny
    return slope, offset.clamp_min(least), torch.where(offset > least, rise, 0)


def _sum_log(line: Tensor) -> Tensor:
    """Σ log of positive rows (n, K): (n,). One logarithm for two of them, it costs the most."""
    half = line.shape[-1] // 2
    pairs = line[:, :half] * line[:, half : 2 * half]
    pairs = pairs.clamp_min_(torch.finfo(line.dtype).tiny).log_()
    return pairs.sum(-1) + line[:, 2 * half :].log().sum(-1)


def _chunks(rows: Tensor) -> list[slice]:
    """Parts of rows (n, K) that stay in the cache; on other devices than the CPU all at once."""
    size = max(1, CACHED // rows.shape[-1]) if rows.device.type == "cpu" else max(1, len(rows))
    return [slice(start, start + size) for start in range(0, len(rows), size)]
