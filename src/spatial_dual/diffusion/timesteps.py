"""Which noise level each sample of a batch is trained at."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from spatial_dual.diffusion.categorical import sample_categorical, uniform_classes, uniform_noise


@dataclass(frozen=True)
class Timesteps:
    """Drawn times with what the loss needs to stay unbiased.

    Attributes:
        t: (batch,) long in 1..T.
        weight: 1 / (T · probability of t), (batch,) float32; one everywhere for uniform draws.
    """

    t: Tensor
    weight: Tensor

    def to(self, device: torch.device | str) -> Self:
        """The same times on another device."""
        return type(self)(self.t.to(device), self.weight.to(device))


def uniform_timesteps(batch: int, steps: int, generator: torch.Generator) -> Timesteps:
    """Times of equal probability, on the CPU, stratified: one per batch-th part of 1..T.

    Each t is marginally uniform, while the batch as a whole covers 1..T evenly.
    """
    shift = uniform_noise((1,), generator)
    strata = (torch.arange(batch) + shift) / batch
    order = torch.randperm(batch, generator=generator)
    return Timesteps(uniform_classes(strata[order], steps) + 1, torch.ones(batch))


@dataclass(frozen=True)
class LossHistory:
    """Running second moment of the loss at each time, for importance-sampled t.

    Times are drawn with probability proportional to sqrt(E[loss²]) (Nichol and Dhariwal 2021,
    Eq. 18), uniformly until every time was seen ``warmup`` times. Immutable: ``updated`` returns
    the next state.

    Attributes:
        second_moment: (T,) float64, index t - 1.
        count: (T,) long, draws seen.
        decay: share of the old second moment kept at an update.
        warmup: draws of every t before importance sampling starts.
        uniform_share: share of draws that stays uniform.
    """

    second_moment: Tensor
    count: Tensor
    decay: float = 0.9
    warmup: int = 10
    uniform_share: float = 0.001

    @classmethod
    def empty(cls, steps: int) -> Self:
        """History of no draws for T = ``steps``."""
        return cls(torch.zeros(steps, dtype=torch.float64), torch.zeros(steps, dtype=torch.long))

    def probabilities(self) -> Tensor:
        """Probability of each t = 1..T, (T,) float64."""
        steps = len(self.count)
        root = self.second_moment.sqrt()
        if int(self.count.min()) < self.warmup or not float(root.sum()) > 0:
            return torch.full((steps,), 1 / steps, dtype=torch.float64)
        return (1 - self.uniform_share) * root / root.sum() + self.uniform_share / steps

    def draw(self, batch: int, generator: torch.Generator) -> Timesteps:
        """Draws t for a batch, on the CPU."""
        probabilities = self.probabilities()
        noise = uniform_noise((batch,), generator)
        index = sample_categorical(probabilities.expand(batch, -1), noise)
        weight = 1 / (len(probabilities) * probabilities[index])
        return Timesteps(index + 1, weight.float())

    def updated(self, t: Tensor, loss: Tensor) -> Self:
        """State after a batch: ``loss`` (batch,) is the unweighted VLB term at ``t`` (batch,)."""
        index = t.detach().cpu() - 1
        squared = loss.detach().double().cpu() ** 2
        draws = torch.bincount(index, minlength=len(self.count))
        total = torch.zeros_like(self.second_moment).index_add(0, index, squared)
        mean = total / draws.clamp_min(1)
        keep = torch.where(self.count > 0, self.decay, 0.0)
        moment = torch.where(
            draws > 0, keep * self.second_moment + (1 - keep) * mean, self.second_moment
        )
        return type(self)(moment, self.count + draws, self.decay, self.warmup, self.uniform_share)
