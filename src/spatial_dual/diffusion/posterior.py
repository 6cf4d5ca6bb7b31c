"""Closed forms of the reverse step x_t -> x_s that discrete kernels share.

Write a, b, g for alpha_bar, beta_bar = replace_bar / K and gamma_bar, and a', b', g' for the same
of the transition s -> t. Summing Bayes' rule over a prediction p(x_0) leaves a line in p:

    x_t masked:   p(x_s = j) = g'/g_t (a_s p_j + b_s),    p(x_s = mask) = g_s / g_t
    x_t = k:      p(x_s = j) = b' (a_s p_j / b_t + b_s (1 - p_k) / b_t + b_s p_k / (a_t + b_t))
                  p(x_s = k) = (a' + b') ((a_s + b_s) p_k / (a_t + b_t) + b_s (1 - p_k) / b_t)
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import torch
from torch import Tensor


class Rates(NamedTuple):
    """Cumulative masses at one time per sample, each (batch, 1), float64."""

    alpha: Tensor
    replace: Tensor
    gamma: Tensor


class Transition:
    """Masses of q(x_t | x_s), each (batch, 1), float64, beside those at both ends."""

    def __init__(self, start: Rates, end: Rates) -> None:
        self.start, self.end = start, end
        visible = (end.alpha + end.replace) / (start.alpha + start.replace)
        self.alpha = end.alpha / start.alpha
        self.replace = (visible - self.alpha).clamp_min(0)
        self.gamma = 1 - visible


@dataclass(frozen=True)
class Affine:
    """p(x_s | x_t) as a line in p(x_0 | x_t); every field (batch, tokens).

    Attributes:
        slope: factor of p_j at a class j other than x_t.
        offset_absent: constant there when the prediction excludes x_t.
        offset_present: constant there when the prediction is certain of x_t.
        stay_slope: factor of the prediction's p(x_0 = x_t) in p(x_s = x_t).
        stay_offset: constant in p(x_s = x_t).
    """

    slope: Tensor
    offset_absent: Tensor
    offset_present: Tensor
    stay_slope: Tensor
    stay_offset: Tensor

    @classmethod
    def of(cls, step: Transition, masked: Tensor, classes: int, dtype: torch.dtype) -> Self:
        """Coefficients for tokens that are ``masked`` (batch, tokens) or visible."""
        start, end = step.start, step.end
        beta, beta_s, beta_t = (m.replace / classes for m in (step, start, end))
        leave = _ratio(step.gamma, end.gamma)
        spread = _ratio(beta, beta_t)
        certain = _ratio(beta_s, end.alpha + beta_t)
        # Without replacement a visible token is x_0 itself and stays, whatever is predicted.
        stay_present = _ratio(
            (step.alpha + beta) * (start.alpha + beta_s), end.alpha + beta_t, otherwise=1.0
        )
        stay_absent = torch.where(
            beta_t > 0, (step.alpha + beta) * _ratio(beta_s, beta_t), stay_present
        )
        pairs = (
            (leave * start.alpha, spread * start.alpha),
            (leave * beta_s, spread * beta_s),
            (leave * beta_s, beta * certain),
            (torch.zeros_like(leave), (stay_present - stay_absent).clamp_min(0)),
            (_ratio(start.gamma, end.gamma), stay_absent),
        )
        return cls(*(torch.where(masked, hidden, seen).to(dtype) for hidden, seen in pairs))

    def offset(self, at_x_t: Tensor) -> Tensor:
        """Constant at classes other than x_t, given p(x_0 = x_t), (batch, tokens)."""
        return self.offset_absent + (self.offset_present - self.offset_absent) * at_x_t


STAYS = 2


@dataclass(frozen=True)
class Mixture:
    """q(x_s | x_t, x_0) as a mixture that is drawn from in O(1).

    Args:
        step: the transition s -> t.
        masked: where x_t is the mask, (batch, tokens).
        classes: K.
        branch: uniform noise in [0, 1), (batch, tokens), that picks the component.
        reveal: masked tokens that become x_0 while the others stay; None leaves it to chance.
    """

    step: Transition
    masked: Tensor
    classes: int
    branch: Tensor
    reveal: Tensor | None

    def component(self, same: Tensor) -> Tensor:
        """What x_s is: 0 the drawn x_0, 1 any class, 2 (``STAYS``) x_t; (batch, tokens).

        Args:
            same: where x_0 = x_t, (batch, tokens).
        """
        step, start, masked = self.step, self.step.start, self.masked
        leave = torch.where(masked, step.gamma, step.replace / self.classes)
        predicted = leave * start.alpha
        uniform = leave * start.replace
        stay_visible = step.alpha * (start.replace / self.classes + start.alpha * same)
        stay = torch.where(masked, start.gamma, stay_visible)
        threshold = self.branch * (predicted + uniform + stay)
        component = (threshold >= predicted).long() + (threshold >= predicted + uniform)
        if self.reveal is None:
            return component
        # a token is revealed because its x_0 is sure, so it becomes that, never noise
        return torch.where(masked, torch.where(self.reveal, 0, STAYS), component)

    def needs_prediction(self) -> Tensor:
        """Tokens whose x_s depends on x_0, (batch, tokens) bool."""
        differs = self.component(torch.zeros_like(self.masked))
        matches = self.component(torch.ones_like(self.masked))
        return (differs == 0) | (differs != matches)


def _ratio(numerator: Tensor, denominator: Tensor, otherwise: float = 0.0) -> Tensor:
    safe = torch.where(denominator > 0, denominator, 1)
    return torch.where(denominator > 0, numerator / safe, otherwise)
