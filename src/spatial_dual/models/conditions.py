"""c_I and c_Y: an image or a text as a sequence of CLIP's tokens, or as its one global feature.

Both are features (batch, tokens, dim), the global one of a single token; it may also be given
without that axis, as (batch, dim). Rows of zeros are padding.
"""

import torch
from torch import Tensor

CONDITIONS = ("tokens", "global")
"""What the diffusers read: the last hidden states of CLIP's towers, or (the paper) its feature."""


def condition_tokens(feature: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens (batch, tokens, dim) of a feature, and which of them are there, (batch, tokens)."""
    if feature.ndim == 2:
        feature = feature[:, None]
        return feature, torch.ones(feature.shape[:2], dtype=torch.bool, device=feature.device)
    return feature, feature.any(dim=-1)


def mean_token(tokens: Tensor, there: Tensor) -> Tensor:
    """Mean (batch, dim) of the tokens (batch, tokens, dim) that are there."""
    share = there / there.sum(dim=1, keepdim=True).clamp_min(1)
    return torch.einsum("bmd,bm->bd", tokens, share.to(tokens.dtype))
