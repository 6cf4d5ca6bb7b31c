"""Multi-head attention with normalised queries and keys, shared by all denoisers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.attention_on_cpu import EPSILON, attend_on_cpu, split_on_cpu


class Attention(nn.Module):
    """Multi-head attention with normalised queries and keys (QK-norm) and a learnt gain a head."""

    def __init__(self, dim: int, heads: int, context_dim: int | None = None) -> None:
        super().__init__()
        self.heads, self.head_dim = heads, dim // heads
        self.query = nn.Linear(dim, dim, bias=False)
        self.key_value = nn.Linear(context_dim or dim, 2 * dim, bias=False)
        # without it no score could exceed √head_dim, too little to pick one of a hundred keys
        self.gain = nn.Parameter(torch.ones(heads))  # one axis: optimisers decay matrices only
        self.out = nn.Linear(dim, dim)
        nn.init.normal_(self.out.weight, std=0.02)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend from x (batch, n, dim) to context (batch, m, context_dim).

        ``mask`` is additive, (batch, 1, 1 or n, m).
        """
        # the 1 / √d of the scores is the queries' size
        (query,) = split_heads(self.query(x), self.heads, [self.head_dim**-0.5])
        query = query * self.gain.to(query.dtype)[:, None, None]
        key, value = split_heads(self.key_value(context), self.heads, [1.0, None])
        mixed = attend(query, key, value, mask)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q kᵀ + mask) v for (batch, heads, tokens, dim) tensors.

    ``mask`` is additive, learns nothing and broadcasts to (batch, heads, queries, keys).
    """
    if query.device.type != "cpu":
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=1.0)
    return attend_on_cpu(query, key, value, mask)


def split_heads(packed: Tensor, heads: int, sizes: Sequence[float | None]) -> tuple[Tensor, ...]:
    """Heads of what one linear layer projected: queries, or keys and values side by side.

    Args:
        packed: (batch, n, parts · heads · head_dim).
        heads: of each part.
        sizes: of each part, the root mean square that every head comes out with; None leaves it.

    Returns:
        The parts, (batch, heads, n, head_dim) each.
    """
    parts = packed.unflatten(-1, (len(sizes), heads, -1))  # (b, n, p, h, e)
    if packed.device.type != "cpu":
        return split_and_scale(parts, sizes)
    return split_on_cpu(parts, sizes)


def split_and_scale(parts: Tensor, sizes: Sequence[float | None]) -> tuple[Tensor, ...]:
    """``split_heads`` of (batch, n, parts, heads, head_dim), as a compiler fuses it."""
    split = (part.transpose(1, 2) for part in parts.unbind(2))
    shape = parts.shape[-1:]
    return tuple(
        part if size is None else (size * F.rms_norm(part, shape, eps=EPSILON)).to(part.dtype)
        for part, size in zip(split, sizes, strict=True)
    )


def key_mask(valid: Tensor) -> Tensor:
    """Additive mask (batch, 1, 1, keys) that hides keys where ``valid`` (batch, keys) is False."""
    hidden = torch.zeros(valid.shape, device=valid.device).masked_fill(~valid, -1e4)
    return hidden[:, None, None]


def check_heads(dim: int, heads: int) -> None:
    """Raise ValueError unless ``dim`` splits evenly into ``heads``."""
    if dim < 1 or heads < 1 or dim % heads:
        raise ValueError(f"dim must be a positive multiple of heads, got dim={dim}, heads={heads}")
