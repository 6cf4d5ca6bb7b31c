"""Drawing from categorical distributions with an explicit generator."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Noise = torch.Generator | Sequence[torch.Generator]
"""CPU generators: one for a whole batch, or one a sample, whose noise then is its own in any batch.
"""


def uniform_noise(shape: Sequence[int], noise: Noise, device: torch.device | str = "cpu") -> Tensor:
    """float64 uniform noise in [0, 1) of ``shape`` (batch, …), the same on every device."""
    return _draw(torch.rand, shape, noise).to(device)


def normal_noise(shape: Sequence[int], noise: Noise, device: torch.device | str = "cpu") -> Tensor:
    """Standard normal noise of ``shape`` (batch, …) as float32, drawn in float64 on the CPU."""
    return _draw(torch.randn, shape, noise).float().to(device)


def gumbel_noise(shape: Sequence[int], noise: Noise, device: torch.device | str = "cpu") -> Tensor:
    """float64 standard Gumbel noise -log(-log u); adding it to log p ranks draws from p."""
    tiny = torch.finfo(torch.float64).tiny
    return -torch.log(-torch.log(uniform_noise(shape, noise, device).clamp_min(tiny)))


def _draw(draw: Callable[..., Tensor], shape: Sequence[int], noise: Noise) -> Tensor:
    """float64 draws of ``shape``, on the CPU so that every device sees the same."""
    if isinstance(noise, torch.Generator):
        return draw(tuple(shape), generator=noise, dtype=torch.float64)
    if len(noise) != shape[0]:
        raise ValueError(f"noise of {len(noise)} samples cannot serve a batch of {shape[0]}")
    own = [draw(tuple(shape[1:]), generator=one, dtype=torch.float64) for one in noise]
    return torch.stack(own)


def sample_categorical(probabilities: Tensor, noise: Tensor) -> Tensor:
    """Draws an index per row by inverting the cumulative distribution.

    One uniform number a row instead of K Gumbel ones; a class of weight zero is never drawn.

    Args:
        probabilities: non-negative weights (..., K), need not add up to one.
        noise: uniform in [0, 1), (...), from ``uniform_noise``.

    Returns:
        Class indices (...), long.
    """
    cumulative = probabilities.cumsum(-1)
    total = cumulative[..., -1:]
    below_total = torch.nextafter(total, torch.zeros_like(total))
    threshold = (noise.unsqueeze(-1) * total).to(total.dtype).minimum(below_total)
    return torch.searchsorted(cumulative, threshold, right=True).squeeze(-1)


def uniform_classes(noise: Tensor, classes: int) -> Tensor:
    """Maps uniform noise in [0, 1) to class indices 0..K-1 of equal probability."""
    return (noise * classes).long().clamp_max(classes - 1)
