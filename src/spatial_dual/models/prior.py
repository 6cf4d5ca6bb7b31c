"""Autoregressive prior over a modality's tokens: p̂(I) and p̂(Y) of the duality (paper Eq. 9)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.gpt import build_gpt
from spatial_dual.models.transformer import check_heads


@dataclass(frozen=True)
class TokenPriorConfig:
    """Sizes of the prior; ``codes`` token classes, ``tokens`` tokens a sample."""

    codes: int
    tokens: int
    dim: int = 128
    depth: int = 2
    heads: int = 4

    def __post_init__(self) -> None:
        check_heads(self.dim, self.heads)


class TokenPrior(nn.Module):
    """A Transformer language model over token sequences of fixed length."""

    Config = TokenPriorConfig

    def __init__(self, config: TokenPriorConfig) -> None:
        super().__init__()
        self.config = config
        # one class more: the token that starts every sequence
        self.gpt = build_gpt(
            config.codes + 1, config.tokens, config.dim, config.depth, config.heads
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """−ln p(token_i | tokens before) in nats, (batch, tokens)."""
        start = torch.full_like(tokens[:, :1], self.config.codes)
        logits = self.gpt(input_ids=torch.cat([start, tokens[:, :-1]], dim=1)).logits[..., :-1]
        return F.cross_entropy(logits.float().transpose(1, 2), tokens, reduction="none")

    def log_likelihood(self, tokens: Tensor) -> Tensor:
        """Log p̂ of whole samples in nats, (batch,)."""
        nats: Tensor = self(tokens)
        return -nats.sum(dim=1)
