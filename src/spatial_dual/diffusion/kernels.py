"""Discrete kernels: uniform, absorbing and mask-and-replace in one O(K) form.

All three keep x_0 with alpha_bar, replace it by a random class with replace_bar, or move it to the
mask state with gamma_bar. Paper: A.1, Eq. 1, 14-19; VQ-Diffusion, Eq. 7-11.
"""

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from spatial_dual.diffusion.categorical import (
    Noise,
    sample_categorical,
    uniform_classes,
    uniform_noise,
)
from spatial_dual.diffusion.continuous import ContinuousKernel
from spatial_dual.diffusion.divergence import affine_kl, total_kl
from spatial_dual.diffusion.interface import Kernel, KernelConfig
from spatial_dual.diffusion.posterior import STAYS, Affine, Mixture, Rates, Transition
from spatial_dual.diffusion.prediction import Probabilities
from spatial_dual.diffusion.schedules import (
    Schedule,
    absorbing_schedule,
    mask_and_replace_schedule,
    uniform_schedule,
)
from spatial_dual.diffusion.tables import TimeTables

CACHED_ROWS = 256


def build_schedule(config: KernelConfig) -> Schedule:
    """The cumulative tables of ``config``."""
    if config.name == "uniform":
        return uniform_schedule(config.schedule, config.steps)
    if config.name == "absorbing":
        return absorbing_schedule(config.schedule, config.steps)
    return mask_and_replace_schedule(config.schedule, config.steps, config.mask_share)


class DiscreteKernel(Kernel):
    """Diffusion over K classes and, unless uniform, a mask state with index K.

    Args:
        config: name, classes, steps and schedule.
    """

    def __init__(self, config: KernelConfig) -> None:
        self.config = config
        self.schedule = build_schedule(config)
        tables = (self.schedule.alpha_bar, self.schedule.replace_bar, self.schedule.gamma_bar)
        self._tables = TimeTables(np.stack(tables))

    @property
    @override
    def mask_index(self) -> int | None:
        return None if self.config.name == "uniform" else self.classes

    @property
    def states(self) -> int:
        """Number of states: K, plus one where there is a mask."""
        return self.classes + (self.mask_index is not None)

    @override
    def is_masked(self, x_t: Tensor) -> Tensor:
        return x_t == self.classes

    @override
    def masked_share(self, t: int) -> float:
        return float(self.schedule.gamma_bar[t])

    @property
    @override
    def prior_kl(self) -> float:
        alpha, beta = self.schedule.alpha_bar[-1], self.schedule.beta_bar(self.classes)[-1]
        if alpha == 0:
            return 0.0
        prior = alpha / self.classes + beta
        kept = (alpha + beta) * np.log((alpha + beta) / prior)
        lost = (self.classes - 1) * beta * np.log(beta / prior) if beta > 0 else 0.0
        return float(kept + lost)

    def prior_probabilities(self) -> Tensor:
        """Distribution of x_T under uniform x_0, (states,), float64."""
        alpha, replace, gamma = self._tables.rows[:, -1]
        prior = ((alpha + replace) / self.classes).repeat(self.states)
        if self.mask_index is not None:
            prior[self.mask_index] = gamma
        return prior

    def forward_probabilities(self, x_0: Tensor, t: Tensor) -> Tensor:
        """q(x_t | x_0), (batch, tokens, states), float64."""
        rates = self._rates(t)
        shape = (*x_0.shape, self.states)
        result = (rates.replace / self.classes).unsqueeze(-1).expand(shape).clone()
        if self.mask_index is not None:
            result[..., self.mask_index] = rates.gamma
        return result.scatter_add(-1, x_0.unsqueeze(-1), rates.alpha.expand_as(x_0).unsqueeze(-1))

    @override
    def sample_prior(
        self,
        shape: tuple[int, int],
        noise: Noise,
        device: torch.device | str = "cpu",
    ) -> Tensor:
        branch, value = uniform_noise((shape[0], 2, shape[1]), noise, device).unbind(1)
        tokens = uniform_classes(value, self.classes)
        return self._mask_where(tokens, branch < self.schedule.gamma_bar[-1])

    @override
    def sample_forward(
        self, x_0: Tensor, t: Tensor, noise: Noise, mask: Tensor | None = None
    ) -> Tensor:
        rates = self._rates(t)
        batch, tokens = x_0.shape
        branch, value = uniform_noise((batch, 2, tokens), noise, x_0.device).unbind(1)
        x_t = torch.where(branch < rates.alpha, x_0, uniform_classes(value, self.classes))
        x_t = self._mask_where(x_t, branch >= rates.alpha + rates.replace)
        return x_t if mask is None else torch.where(mask, x_t, x_0)

    @override
    def sample_posterior(
        self,
        x_t: Tensor,
        probabilities: Probabilities,
        t: Tensor,
        s: Tensor,
        noise: Noise,
        reveal: Tensor | None = None,
    ) -> Tensor:
        # Drawing x_0 first and x_s given x_0 marginalises exactly, and only the first draw is O(K).
        batch, tokens = x_t.shape
        draw, branch, value = uniform_noise((batch, 3, tokens), noise, x_t.device).unbind(1)
        step = self._transition(t, s)
        mixture = Mixture(step, self.is_masked(x_t), self.classes, branch, reveal)
        if x_t.device.type == "cpu":
            x_0 = _draw_where(mixture.needs_prediction(), probabilities, draw)
        else:  # gathering rows would wait for the device
            x_0 = sample_categorical(probabilities[:], draw)
        component = mixture.component(x_0 == x_t)
        drawn = torch.where(component == 0, x_0, uniform_classes(value, self.classes))
        return torch.where(component == STAYS, x_t, drawn)

    def posterior_probabilities(
        self, x_t: Tensor, probabilities: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        """p(x_s | x_t) = sum over x_0 of q(x_s | x_t, x_0) p(x_0 | x_t).

        With a one-hot ``probabilities`` it is the posterior q(x_s | x_t, x_0) itself.

        Args:
            x_t: states (batch, tokens).
            probabilities: p(x_0 | x_t), (batch, tokens, K).
            t: time of x_t, (batch,).
            s: earlier time, (batch,).

        Returns:
            (batch, tokens, states) in the dtype of ``probabilities``, differentiable.
        """
        affine = self._affine(x_t, t, s, probabilities.dtype)
        at_x_t = self._gather(probabilities, x_t)
        offset = affine.offset(at_x_t).unsqueeze(-1)
        result = offset.expand(*x_t.shape, self.states).contiguous()
        result[..., : self.classes].addcmul_(probabilities, affine.slope.unsqueeze(-1))
        if self.mask_index is not None:
            result[..., self.mask_index] = 0
        stay = affine.stay_slope * at_x_t + affine.stay_offset
        return result.scatter_(-1, x_t.unsqueeze(-1), stay.unsqueeze(-1))

    @override
    def posterior_kl(
        self, x_t: Tensor, x_0: Tensor, logits: Tensor, t: Tensor, s: Tensor
    ) -> tuple[Tensor, Tensor]:
        affine = self._affine(x_t, t, s, torch.promote_types(logits.dtype, torch.float32))
        visible = ~self.is_masked(x_t)
        spreads = bool(self.schedule.replace_bar[-1] > 0)
        index = x_t.clamp_max(self.classes - 1)
        return affine_kl(affine, logits, x_0, index, x_t == x_0, visible, spreads)

    @override
    def prediction_kl(
        self, x_t: Tensor, log_p: Tensor, log_q: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        p = self.posterior_probabilities(x_t, log_p.exp(), t, s)
        q = self.posterior_probabilities(x_t, log_q.exp(), t, s)
        return total_kl(p, q)

    @override
    def is_predicted(self, x_t: Tensor) -> Tensor:
        if self.config.name == "absorbing":
            return self.is_masked(x_t)
        return torch.ones_like(x_t, dtype=torch.bool)

    def _rates(self, t: Tensor) -> Rates:
        return Rates(*self._tables.at(t))

    def _transition(self, t: Tensor, s: Tensor) -> Transition:
        if t.device.type == "cpu" and bool((s >= t).any()):
            raise ValueError(f"s must lie below t, got t={t.tolist()} and s={s.tolist()}")
        return Transition(start=self._rates(s), end=self._rates(t))

    def _affine(self, x_t: Tensor, t: Tensor, s: Tensor, dtype: torch.dtype) -> Affine:
        return Affine.of(self._transition(t, s), self.is_masked(x_t), self.classes, dtype)

    def _gather(self, values: Tensor, x_t: Tensor) -> Tensor:
        index = x_t.clamp_max(self.classes - 1).unsqueeze(-1)
        return values.gather(-1, index).squeeze(-1)

    def _mask_where(self, tokens: Tensor, condition: Tensor) -> Tensor:
        if self.mask_index is None:
            return tokens
        return torch.where(condition, self.mask_index, tokens)


def _draw_where(needed: Tensor, probabilities: Probabilities, noise: Tensor) -> Tensor:
    """x_0 at the tokens that are ``needed``, -1 elsewhere; (batch, tokens)."""
    x_0 = torch.full(needed.shape, -1)
    rows, columns = needed.nonzero(as_tuple=True)
    # what stays in the cache between the passes over K is not fetched again
    for some in torch.arange(len(rows)).split(CACHED_ROWS):
        where = (rows[some], columns[some])
        x_0[where] = sample_categorical(probabilities[where], noise[where])
    return x_0


def build_kernel(config: KernelConfig) -> Kernel:
    """The kernel that ``config`` names."""
    return ContinuousKernel(config) if config.name == "continuous" else DiscreteKernel(config)
