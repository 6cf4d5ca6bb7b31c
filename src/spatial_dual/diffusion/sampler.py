"""Ancestral sampling of the reverse chain with any number of strided steps."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from spatial_dual.diffusion.categorical import Noise, gumbel_noise
from spatial_dual.diffusion.filtering import sharpen
from spatial_dual.diffusion.interface import Kernel
from spatial_dual.diffusion.loss import check_logits
from spatial_dual.diffusion.prediction import Logits, Prediction, Probabilities

Predictor = Callable[[Tensor, Tensor], Logits]
"""A ``Denoiser``, or one whose logits are computed only where they are asked for."""


@dataclass(frozen=True)
class Clamp:
    """Tokens that are known and never change.

    Attributes:
        values: class indices (batch, tokens); read only where ``mask`` is true.
        mask: where the token is known, (batch, tokens) bool.
    """

    values: Tensor
    mask: Tensor

    def apply(self, kernel: Kernel, states: Tensor) -> Tensor:
        """``states`` of ``kernel`` with the known tokens put in place."""
        known = kernel.to_states(torch.where(self.mask, self.values, 0))
        return torch.where(
            self.mask.view(*self.mask.shape, *[1] * (states.ndim - 2)), known, states
        )


@dataclass(frozen=True)
class Samples:
    """What the sampler drew.

    Attributes:
        tokens: x_0, (batch, tokens), classes 0..K-1.
        times: the times visited, T down to 0, (steps + 1).
        trajectory: states at ``times`` as classes or the mask, (steps + 1, batch, tokens), if
            asked for.
    """

    tokens: Tensor
    times: tuple[int, ...]
    trajectory: Tensor | None = None


def strided_times(total: int, steps: int) -> tuple[int, ...]:
    """``steps`` + 1 evenly spaced times from ``total`` down to 0.

    Raises:
        ValueError: steps outside 1..total.
    """
    if not 1 <= steps <= total:
        raise ValueError(f"steps must lie in 1..{total}, the length of the chain, got {steps}")
    return tuple(total * index // steps for index in range(steps, -1, -1))


@torch.no_grad()
def sample(
    kernel: Kernel,
    denoiser: Predictor,
    shape: tuple[int, int],
    steps: int,
    noise: Noise,
    *,
    clamp: Clamp | None = None,
    guidance: float = 1.0,
    unconditional: Predictor | None = None,
    temperature: float = 1.0,
    top_p: float = 1.0,
    purity_weight: float | None = None,
    return_trajectory: bool = False,
    device: torch.device | str = "cpu",
) -> Samples:
    """Draws tokens by running the reverse chain.

    Args:
        kernel: the kernel the denoiser was trained with.
        denoiser: logits of x_0 given the condition it closes over.
        shape: (batch, tokens).
        steps: number of steps, 1..T.
        noise: one CPU generator, or one a sample; the same state gives the same tokens.
        clamp: known tokens, put in place before every call.
        guidance: factor of classifier-free guidance; 1 never calls ``unconditional``.
        unconditional: logits of x_0 without the condition.
        temperature: divides the guided logits.
        top_p: share of the mass of p(x_0 | x_t) to sample from, VQ-Diffusion's truncation rate.
        purity_weight: None for the chain as it is. A number turns on improved VQ-Diffusion: the
            masked tokens to reveal are drawn by purity, as many as the schedule expects, and
            predictions are sharpened by this weight.
        return_trajectory: keep all states.
        device: where the states live.

    Raises:
        ValueError: a setting out of range, guidance without ``unconditional``, a purity prior
            for a kernel without mask, or logits of the wrong shape.
        FloatingPointError: logits that are no numbers.
    """
    _check(kernel, guidance, unconditional, temperature, top_p, purity_weight)
    times = strided_times(kernel.steps, steps)
    states = kernel.sample_prior(shape, noise, device)
    states = clamp.apply(kernel, states) if clamp else states
    visited = [kernel.to_tokens(states)] if return_trajectory else []
    for start, end in pairwise(times):
        t = torch.full((shape[0],), start, device=device)
        logits = denoiser(states, t)
        check_logits(kernel, logits, shape)
        other = None if unconditional is None or guidance == 1 else unconditional(states, t)
        probabilities: Probabilities = Prediction(logits, other, guidance, temperature, top_p)
        reveal = None
        if purity_weight is not None:
            whole = probabilities[:]
            reveal = choose_revealed(kernel, states, whole, end, noise, clamp)
            probabilities = sharpen(whole, purity_weight)
        s = torch.full_like(t, end)
        states = kernel.sample_posterior(states, probabilities, t, s, noise, reveal)
        states = clamp.apply(kernel, states) if clamp else states
        if return_trajectory:
            visited.append(kernel.to_tokens(states))
    trajectory = torch.stack(visited) if return_trajectory else None
    return Samples(kernel.to_tokens(states), times, trajectory)


def choose_revealed(
    kernel: Kernel,
    tokens: Tensor,
    probabilities: Tensor,
    end: int,
    noise: Noise,
    clamp: Clamp | None,
) -> Tensor:
    """Masked tokens to reveal by time ``end``, (batch, tokens) bool.

    As many as leave the expected share gamma_bar of the free tokens masked, drawn without
    replacement in proportion to purity, max_j p(x_0 = j | x_t).
    """
    masked = kernel.is_masked(tokens)
    free = torch.ones_like(masked) if clamp is None else ~clamp.mask
    still_masked = (free.sum(-1) * kernel.masked_share(end)).long()
    count = (masked.sum(-1) - still_masked).clamp_min(0)
    purity = probabilities.amax(-1).double().log()
    score = purity + gumbel_noise(masked.shape, noise, tokens.device)
    rank = torch.where(masked, score, -torch.inf).argsort(-1, descending=True).argsort(-1)
    return masked & (rank < count.unsqueeze(-1))


def _check(
    kernel: Kernel,
    guidance: float,
    unconditional: Predictor | None,
    temperature: float,
    top_p: float,
    purity_weight: float | None,
) -> None:
    if guidance != 1 and unconditional is None:
        raise ValueError(f"guidance={guidance} needs an unconditional denoiser")
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie in (0, 1], got {top_p}")
    if purity_weight is None:
        return
    if kernel.mask_index is None:
        raise ValueError(f"purity prior needs a mask state, {kernel.config.name!r} has none")
    if purity_weight < 0:
        raise ValueError(f"purity_weight must not be negative, got {purity_weight}")
