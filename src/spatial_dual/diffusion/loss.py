"""Variational bound and cross-entropy of discrete diffusion (paper A.1; D3PM, Eq. 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from spatial_dual.diffusion.interface import Denoiser, Kernel
from spatial_dual.diffusion.prediction import Logits
from spatial_dual.diffusion.timesteps import Timesteps


@dataclass(frozen=True)
class LossWeights:
    """Factors of what a denoiser descends.

    The bound weighs few noise levels heavily, so its gradient is noisy: at equal cost the image
    diffuser's cross-entropy was 3.7 nats with ``vlb`` .05 and 4.2 with 1 after 60 steps.

    Attributes:
        vlb: of the bound per token.
        cross_entropy: of the mean −ln p(x_0 | x_t) of a token.
        visible: of a token in the cross-entropy that noise did not mask; a masked one counts 1.
            What most of them teach is to copy. Without effect where a kernel has no mask.
        absent: of a token that ``diffusion_loss`` is told is not there, in both.

    Raises:
        ValueError: a negative factor, or nothing to descend.
    """

    vlb: float = 0.05
    cross_entropy: float = 1.0
    visible: float = 0.1
    absent: float = 0.1

    def __post_init__(self) -> None:
        for name, value in self.__dict__.items():
            if not value >= 0:
                raise ValueError(f"{name} must not be negative, got {value}")
        if not self.vlb + self.cross_entropy > 0:
            raise ValueError("vlb and cross_entropy are both 0, which leaves nothing to learn")


@dataclass(frozen=True)
class DiffusionLoss:
    """Loss of one batch at one time per sample.

    Attributes:
        total: w_vlb · VLB per token + w_ce · cross-entropy, scalar; see ``LossWeights``.
        cross_entropy: -log p(x_0 | x_t), weighted mean over predicted tokens, nats, scalar.
        term: VLB term at t of each sample, nats, (batch,); what ``LossHistory`` keeps.
        vlb: unbiased one-time estimate of each sample's negative bound, nats, (batch,).
        tokens: tokens counted in each sample, (batch,).
    """

    total: Tensor
    cross_entropy: Tensor
    term: Tensor
    vlb: Tensor
    tokens: Tensor


def diffusion_loss(
    kernel: Kernel,
    logits: Tensor,
    x_t: Tensor,
    x_0: Tensor,
    times: Timesteps,
    mask: Tensor | None = None,
    weights: LossWeights | None = None,
    present: Tensor | None = None,
) -> DiffusionLoss:
    """VLB term at t, importance-weighted, plus the x_0 cross-entropy.

    L = sum over t of KL(q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t)) + KL(q(x_T | x_0) || prior),
    where the term at t = 1 is -log p(x_0 | x_1).

    Args:
        kernel: the kernel that drew ``x_t``.
        logits: prediction of x_0, (batch, tokens, K), any float dtype.
        x_t: ``kernel.sample_forward(x_0, times.t, generator, mask)``.
        x_0: clean tokens (batch, tokens); any class index where masked out.
        times: the t of each sample and its weight.
        mask: tokens that are noised and count, (batch, tokens) bool; false for padding and
            clamped tokens. None counts all.
        weights: factors of ``total``; they leave ``term`` and ``vlb`` as they are.
        present: tokens that count whole in ``total``, (batch, tokens) bool, the others by
            ``weights.absent``. None means all.

    Raises:
        ValueError: the logits do not fit the tokens and the kernel's classes.
    """
    check_logits(kernel, logits, x_0.shape)
    counted = torch.ones_like(x_0, dtype=torch.bool) if mask is None else mask
    divergence, log_at_x_0 = kernel.posterior_kl(x_t, x_0, logits, times.t, times.t - 1)
    term = torch.where(counted, divergence, 0).sum(-1)
    tokens = counted.sum(-1)
    vlb = kernel.steps * times.weight * term + kernel.prior_kl * tokens
    weights = weights or LossWeights()
    share = counted.float()
    if present is not None:
        share = share * torch.where(present, 1.0, weights.absent)
    # Tokens whose prediction the reversal never reads would only teach copying.
    read = share * kernel.is_predicted(x_t)
    if kernel.mask_index is not None:
        read = read * torch.where(kernel.is_masked(x_t), 1.0, weights.visible)
    nats = torch.where(read > 0, -log_at_x_0, 0) * times.weight.unsqueeze(-1)
    cross_entropy = weighted_mean(nats, read)
    bound = torch.where(share > 0, divergence, 0) * (kernel.steps * times.weight.unsqueeze(-1))
    per_token = weighted_mean(bound + kernel.prior_kl, share)
    total = weights.vlb * per_token + weights.cross_entropy * cross_entropy
    return DiffusionLoss(total, cross_entropy, term, vlb, tokens)


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Σ w v / Σ w of equal shapes, scalar, 0 where nothing has weight."""
    return (weights * values).sum() / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)


@dataclass(frozen=True)
class LikelihoodBound:
    """Lower bound on log p(x_0), an unbiased estimate of the negative VLB.

    Attributes:
        total: nats, (batch,).
        tokens: tokens counted, (batch,).
    """

    total: Tensor
    tokens: Tensor

    @property
    def per_token(self) -> Tensor:
        """Nats per counted token, (batch,)."""
        return self.total / self.tokens.clamp_min(1)


def log_likelihood_bound(
    kernel: Kernel,
    denoiser: Denoiser,
    x_0: Tensor,
    times: Timesteps | Literal["all"],
    generator: torch.Generator,
    mask: Tensor | None = None,
) -> LikelihoodBound:
    """Estimates a lower bound on log p(x_0), differentiable in the denoiser.

    Args:
        kernel: the kernel.
        denoiser: predicts logits of x_0 with its condition closed over.
        x_0: clean tokens (batch, tokens).
        times: drawn times for the one-time estimate (T times one weighted term), or "all" for
            the sum over every t = 1..T, which costs T calls and has far less variance.
        generator: source of the forward noise.
        mask: tokens that count, (batch, tokens) bool; the others are shown clean.
    """
    if isinstance(times, Timesteps):
        loss = _loss_at(kernel, denoiser, x_0, times, generator, mask)
        return LikelihoodBound(-loss.vlb, loss.tokens)
    terms = []
    for t in range(1, kernel.steps + 1):
        at_t = Timesteps(x_0.new_full((len(x_0),), t), x_0.new_ones(len(x_0)).float())
        loss = _loss_at(kernel, denoiser, x_0, at_t, generator, mask)
        terms.append(loss.term)
    vlb = torch.stack(terms).sum(0) + kernel.prior_kl * loss.tokens
    return LikelihoodBound(-vlb, loss.tokens)


def check_logits(kernel: Kernel, logits: Logits, shape: Sequence[int]) -> None:
    """Raises ValueError unless ``logits`` are (batch, tokens, K) for tokens of ``shape``."""
    if tuple(logits.shape) != (*shape, kernel.classes):
        raise ValueError(
            f"the denoiser must give logits of shape {(*shape, kernel.classes)} "
            f"(batch, tokens, K without the mask state), got {tuple(logits.shape)}"
        )


def _loss_at(
    kernel: Kernel,
    denoiser: Denoiser,
    x_0: Tensor,
    times: Timesteps,
    generator: torch.Generator,
    mask: Tensor | None,
) -> DiffusionLoss:
    x_t = kernel.sample_forward(x_0, times.t, generator, mask)
    return diffusion_loss(kernel, denoiser(x_t, times.t), x_t, x_0, times, mask)
