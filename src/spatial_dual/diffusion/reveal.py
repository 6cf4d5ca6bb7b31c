"""Which masked tokens a reverse step reveals, where chance does not decide."""

from typing import Protocol

import torch
from torch import Tensor

from spatial_dual.diffusion.categorical import Noise, gumbel_noise, uniform_noise
from spatial_dual.diffusion.interface import Kernel


class Order(Protocol):
    """Scores tokens; those of the highest score are revealed first."""

    def scores(self, probabilities: Tensor, noise: Noise) -> Tensor:
        """Scores (batch, tokens) from p(x_0 | x_t), (batch, tokens, K)."""
        ...


class PurityOrder:
    """Tokens drawn in proportion to purity, max_j p(x_0 = j | x_t), without replacement.

    Improved VQ-Diffusion (Tang et al. 2022), purity prior.
    """

    def scores(self, probabilities: Tensor, noise: Noise) -> Tensor:
        """Perturbed ln purity: ranking it draws without replacement."""
        purity = probabilities.amax(-1).double().log()
        return purity + gumbel_noise(purity.shape, noise, purity.device)


class HaltonOrder:
    """Cells of a square grid spread evenly at every step (Besnier et al. 2025).

    Neighbours depend on each other most, and tokens that one step reveals do not see each other.

    Args:
        tokens: cells of the grid, a square number.
    """

    def __init__(self, tokens: int) -> None:
        side = round(tokens**0.5)
        if side**2 != tokens:
            raise ValueError(f"a Halton order needs a square grid, got {tokens} tokens")
        self._ranks = halton_ranks(side)

    def scores(self, probabilities: Tensor, noise: Noise) -> Tensor:
        """Minus the rank of each cell, alike for all samples."""
        return -self._ranks.to(probabilities.device).expand(probabilities.shape[:2])


class GroupOrder:
    """Groups of tokens one after the other, the tokens of a group by chance.

    Tokens that one step reveals do not see each other; those of different groups do.

    Args:
        groups: rank of each token's group, (tokens,), the first group lowest.
    """

    def __init__(self, groups: Tensor) -> None:
        self._groups = groups.double()

    def scores(self, probabilities: Tensor, noise: Noise) -> Tensor:
        """Minus the rank of the group, and below it a number by chance."""
        shape, device = probabilities.shape[:2], probabilities.device
        return uniform_noise(shape, noise, device) - self._groups.to(device)


def halton_ranks(side: int) -> Tensor:
    """Place of each cell of a square grid in the Halton sequence of bases 2 and 3, (side²,)."""
    ranks = torch.full((side * side,), -1)
    found = number = 0
    while found < side * side:
        number += 1
        row, column = (int(_radical_inverse(number, base) * side) for base in (2, 3))
        if ranks[row * side + column] < 0:
            ranks[row * side + column] = found
            found += 1
    return ranks


def choose_revealed(
    kernel: Kernel, tokens: Tensor, scores: Tensor, end: int, free: Tensor | None = None
) -> Tensor:
    """Masked tokens to reveal by time ``end``, (batch, tokens) bool.

    As many of the highest ``scores`` as leave the expected share gamma_bar of tokens masked.

    Args:
        kernel: with a mask.
        tokens: states (batch, tokens).
        scores: of an ``Order``, (batch, tokens).
        end: time of the next state.
        free: tokens that are not known beforehand, (batch, tokens) bool; None means all.
    """
    masked = kernel.is_masked(tokens)
    free = torch.ones_like(masked) if free is None else free
    still_masked = (free.sum(-1) * kernel.masked_share(end)).long()
    count = (masked.sum(-1) - still_masked).clamp_min(0)
    rank = torch.where(masked, scores.double(), -torch.inf).argsort(-1, descending=True).argsort(-1)
    return masked & (rank < count.unsqueeze(-1))


def _radical_inverse(number: int, base: int) -> float:
    """The digits of ``number`` in ``base``, mirrored behind the point."""
    result, share = 0.0, 1.0
    while number:
        share /= base
        number, digit = divmod(number, base)
        result += digit * share
    return result
