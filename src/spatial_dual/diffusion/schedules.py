"""Noise schedules as cumulative tables in float64 (VQ-Diffusion, Gu et al. 2022, section 4.1)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]

COSINE_OFFSET = 0.008
VQ_ALPHA_ENDS = (0.99999, 0.000009)
VQ_GAMMA_ENDS = (0.000009, 0.99999)
DEFAULT_MASK_SHARE = 0.9


@dataclass(frozen=True)
class Schedule:
    """Cumulative masses of q(x_t | x_0) for t = 0..T, each a float64 table of length T + 1.

    They add up to one at every t; t = 0 is the clean data.

    Attributes:
        alpha_bar: kept as x_0.
        replace_bar: spread evenly over all K classes, K * beta_bar.
        gamma_bar: moved to the mask state.
    """

    alpha_bar: Table
    replace_bar: Table
    gamma_bar: Table

    def __post_init__(self) -> None:
        total = self.alpha_bar + self.replace_bar + self.gamma_bar
        if not np.allclose(total, 1, atol=1e-12):
            raise ValueError(f"schedule masses must add up to 1, they reach {total.max()}")
        if self.alpha_bar[0] != 1 or self.alpha_bar[:-1].min() <= 0:
            raise ValueError(
                "alpha_bar must start at 1 and stay positive before T, got "
                f"{self.alpha_bar[0]} at t=0 and a minimum of {self.alpha_bar[:-1].min()}"
            )
        if np.any(np.diff(self.alpha_bar) > 0) or np.any(np.diff(self.gamma_bar) < 0):
            raise ValueError("alpha_bar must never rise and gamma_bar must never fall")

    @property
    def steps(self) -> int:
        """Number of noising steps T."""
        return len(self.alpha_bar) - 1

    def beta_bar(self, classes: int) -> Table:
        """Probability of each single class through replacement, replace_bar / K."""
        return self.replace_bar / classes


def linear_alpha_bar(steps: int) -> Table:
    """alpha_bar_t = 1 - t / T."""
    return 1.0 - np.arange(steps + 1) / steps


def cosine_alpha_bar(steps: int) -> Table:
    """alpha_bar_t = f(t) / f(0), f(t) = cos²((t/T + s) / (1 + s) · π/2), s = 0.008, and 0 at T."""
    angle = (np.arange(steps + 1) / steps + COSINE_OFFSET) / (1 + COSINE_OFFSET) * np.pi / 2
    table = np.cos(angle) ** 2 / np.cos(angle[0]) ** 2
    table[-1] = 0.0
    return table


def vq_diffusion_alpha_bar(steps: int) -> Table:
    """Straight line from 0.99999 at t = 1 to 0.000009 at T, as VQ-Diffusion was released."""
    return np.concatenate(([1.0], np.linspace(*VQ_ALPHA_ENDS, steps)))


SCHEDULES: dict[str, Callable[[int], Table]] = {
    "linear": linear_alpha_bar,
    "cosine": cosine_alpha_bar,
    "vq_diffusion": vq_diffusion_alpha_bar,
}


def uniform_schedule(name: str, steps: int) -> Schedule:
    """All noise replaces: gamma_bar = 0, replace_bar = 1 - alpha_bar."""
    alpha = SCHEDULES[name](steps)
    return Schedule(alpha, 1 - alpha, np.zeros_like(alpha))


def absorbing_schedule(name: str, steps: int) -> Schedule:
    """All noise masks: gamma_bar = 1 - alpha_bar, replace_bar = 0."""
    alpha = SCHEDULES[name](steps)
    return Schedule(alpha, np.zeros_like(alpha), 1 - alpha)


def mask_and_replace_schedule(name: str, steps: int, mask_share: float | None = None) -> Schedule:
    """Noise masks and replaces: gamma_bar = share · (1 - alpha_bar).

    Args:
        name: key of ``SCHEDULES``.
        steps: T.
        mask_share: share of the noise that masks, in 0..1. None: 0.9 as the VQ-Diffusion paper,
            except for "vq_diffusion", which then takes the released code's table of gamma_bar.
    """
    alpha = SCHEDULES[name](steps)
    if mask_share is None and name == "vq_diffusion":
        gamma = np.concatenate(([0.0], np.linspace(*VQ_GAMMA_ENDS, steps)))
        return Schedule(alpha, 1 - alpha - gamma, gamma)
    share = DEFAULT_MASK_SHARE if mask_share is None else mask_share
    return Schedule(alpha, (1 - share) * (1 - alpha), share * (1 - alpha))
