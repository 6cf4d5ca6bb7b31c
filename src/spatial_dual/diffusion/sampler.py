"""Ancestral sampling of the reverse chain with any number of strided steps."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from spatial_dual.diffusion.categorical import Noise
from spatial_dual.diffusion.filtering import sharpen
from spatial_dual.diffusion.interface import Kernel
from spatial_dual.diffusion.loss import check_logits
from spatial_dual.diffusion.prediction import Logits, Prediction, Probabilities
from spatial_dual.diffusion.reveal import Order, choose_revealed

Predictor = Callable[[Tensor, Tensor], Logits]
"""A ``Denoiser``, or one whose logits are computed only where they are asked for."""

SPACINGS = ("even", "cosine")


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


@dataclass(frozen=True)
class Ramp:
    """A setting that moves evenly from the first step of a chain to its last."""

    start: float
    end: float

    def at(self, share: float) -> float:
        """Value after ``share`` of the steps, 0 at the first and 1 at the last."""
        return self.start + (self.end - self.start) * share


def strided_times(total: int, steps: int, spacing: str = "even") -> tuple[int, ...]:
    """``steps`` + 1 times from ``total`` down to 0.

    "even" spaces them evenly. "cosine" takes T cos(π/2 · i / steps): few tokens while little is
    known, many at the end (MaskGIT, Chang et al. 2022).

    Raises:
        ValueError: steps outside 1..total, or another spacing.
    """
    if not 1 <= steps <= total:
        raise ValueError(f"steps must lie in 1..{total}, the length of the chain, got {steps}")
    if spacing not in SPACINGS:
        raise ValueError(f"spacing must be one of {', '.join(SPACINGS)}, got {spacing!r}")
    if spacing == "even":
        return tuple(total * index // steps for index in range(steps, -1, -1))
    times = [total]
    for index in range(1, steps + 1):
        wanted = round(total * math.cos(math.pi / 2 * index / steps))
        times.append(min(times[-1] - 1, max(wanted, steps - index)))
    return tuple(times)


@torch.no_grad()
def sample(
    kernel: Kernel,
    denoiser: Predictor,
    shape: tuple[int, int],
    steps: int,
    noise: Noise,
    *,
    clamp: Clamp | None = None,
    guidance: float | Ramp = 1.0,
    unconditional: Predictor | None = None,
    temperature: float | Ramp = 1.0,
    top_p: float = 1.0,
    spacing: str = "even",
    order: Order | None = None,
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
        guidance: factor of classifier-free guidance; where it is 1 ``unconditional`` is not called.
        unconditional: logits of x_0 without the condition.
        temperature: divides the guided logits.
        top_p: share of the mass of p(x_0 | x_t) to sample from, VQ-Diffusion's truncation rate.
        spacing: of the times, see ``strided_times``.
        order: which masked tokens are revealed, as many as the schedule expects; None leaves both
            to chance.
        purity_weight: a number sharpens predictions by their purity, see ``sharpen``.
        return_trajectory: keep all states.
        device: where the states live.

    Raises:
        ValueError: a setting out of range, guidance without ``unconditional``, an order for a
            kernel without mask, or logits of the wrong shape.
        FloatingPointError: logits that are no numbers.
    """
    guided, tempering = _ramp(guidance), _ramp(temperature)
    _check(kernel, guided, unconditional, tempering, top_p, order, purity_weight)
    times = strided_times(kernel.steps, steps, spacing)
    states = kernel.sample_prior(shape, noise, device)
    states = clamp.apply(kernel, states) if clamp else states
    visited = [kernel.to_tokens(states)] if return_trajectory else []
    for step, (start, end) in enumerate(pairwise(times)):
        share = step / max(1, steps - 1)
        factor = guided.at(share)
        t = torch.full((shape[0],), start, device=device)
        logits = denoiser(states, t)
        check_logits(kernel, logits, shape)
        other = None if unconditional is None or factor == 1 else unconditional(states, t)
        probabilities: Probabilities = Prediction(logits, other, factor, tempering.at(share), top_p)
        reveal = None
        if order is not None:
            probabilities = probabilities[:]
            free = None if clamp is None else ~clamp.mask
            scores = order.scores(probabilities, noise)
            reveal = choose_revealed(kernel, states, scores, end, free)
        if purity_weight is not None:
            probabilities = sharpen(probabilities[:], purity_weight)
        s = torch.full_like(t, end)
        states = kernel.sample_posterior(states, probabilities, t, s, noise, reveal)
        states = clamp.apply(kernel, states) if clamp else states
        if return_trajectory:
            visited.append(kernel.to_tokens(states))
    tokens = kernel.to_tokens(states)
    # other devices than the CPU are waited for here, at the end; the meta device has no values
    if not tokens.is_meta and bool((tokens >= kernel.classes).any()):
        raise FloatingPointError(
            f"the chain ended without a class for {int((tokens >= kernel.classes).sum())} of "
            f"{tokens.numel()} tokens: the denoiser gave NaN or infinite logits; its weights are "
            "damaged, or guidance is far too large"
        )
    trajectory = torch.stack(visited) if return_trajectory else None
    return Samples(tokens, times, trajectory)


def _check(
    kernel: Kernel,
    guidance: Ramp,
    unconditional: Predictor | None,
    temperature: Ramp,
    top_p: float,
    order: Order | None,
    purity_weight: float | None,
) -> None:
    if unconditional is None and not guidance.start == guidance.end == 1:
        raise ValueError(f"guidance={guidance.end} needs an unconditional denoiser")
    if not min(temperature.start, temperature.end) > 0:
        lowest = min(temperature.start, temperature.end)
        raise ValueError(f"temperature must be positive, got {lowest}")
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie in (0, 1], got {top_p}")
    if order is not None and kernel.mask_index is None:
        raise ValueError(f"an order needs a mask state, {kernel.config.name!r} has none")
    if purity_weight is not None and purity_weight < 0:
        raise ValueError(f"purity_weight must not be negative, got {purity_weight}")


def _ramp(value: float | Ramp) -> Ramp:
    return value if isinstance(value, Ramp) else Ramp(value, value)
