"""What happens to a prediction of x_0 before it is sampled from."""

import numpy as np
import torch
from torch import Tensor


def guide(conditional: Tensor, unconditional: Tensor, guidance: float) -> Tensor:
    """Classifier-free guidance on logits of x_0: u + guidance · (c - u), any common shape.

    In log space up to a constant per token, which the softmax removes.
    """
    return torch.lerp(unconditional.float(), conditional.float(), guidance)


def tempered(logits: Tensor, temperature: float) -> Tensor:
    """softmax(logits / temperature) in fp32, (..., K)."""
    logits = logits.float()
    if temperature != 1:  # a pass over K saved in the common case
        logits = logits / temperature
    return logits.softmax(-1)


def keep_top_p(probabilities: Tensor, top_p: float) -> Tensor:
    """Zeroes all but the smallest set of likely classes that holds at least ``top_p``.

    VQ-Diffusion calls ``top_p`` the truncation rate. Ties at the edge of the set are all kept.

    Args:
        probabilities: (..., K), adding up to one.
        top_p: share of the mass to keep, in (0, 1].

    Returns:
        Renormalised probabilities (..., K).
    """
    if top_p >= 1:
        return probabilities
    ascending = _ascending(probabilities)
    cumulative = ascending.cumsum(-1)
    dropped_mass = cumulative[..., -1:] - top_p
    edge = torch.searchsorted(cumulative, dropped_mass, right=True)
    threshold = ascending.gather(-1, edge.clamp_max(probabilities.shape[-1] - 1))
    kept = torch.where(probabilities >= threshold, probabilities, 0)
    return kept / kept.sum(-1, keepdim=True)


def sharpen(probabilities: Tensor, purity_weight: float) -> Tensor:
    """p^(1 + weight · purity), renormalised, purity = the largest probability of the token.

    Improved VQ-Diffusion (Tang et al. 2022), purity prior.
    """
    purity = probabilities.amax(-1, keepdim=True)
    # relative to the largest, which then is 1 and no power of it underflows
    powered = (probabilities / purity) ** (1 + purity_weight * purity)
    return powered / powered.sum(-1, keepdim=True)


def _ascending(values: Tensor) -> Tensor:
    # torch.sort on the CPU carries indices along, which makes it eight times slower than numpy.
    if values.device.type == "cpu":
        return torch.from_numpy(np.sort(values.numpy(), axis=-1))
    return values.sort(-1).values
