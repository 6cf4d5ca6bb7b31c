"""Autoregressive priors p̂(I) and p̂(Y) of the duality (paper Eq. 9)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.attention import check_heads
from spatial_dual.models.gpt import build_gpt
from spatial_dual.models.pixelcnn import PixelCnn, PixelCnnConfig


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
        flat = logits.float().flatten(0, 1)  # classes last: twice as fast
        return F.cross_entropy(flat, tokens.flatten(), reduction="none").view_as(tokens)

    def log_likelihood(self, tokens: Tensor) -> Tensor:
        """Log p̂ of whole samples in nats, (batch,)."""
        nats: Tensor = self(tokens)
        return -nats.sum(dim=1)


@dataclass(frozen=True)
class ImagePriorConfig(TokenPriorConfig):
    """Sizes of p̂(I).

    Attributes:
        pixels: sizes of a PixelCNN++ in the place of the token prior, the paper's choice.
    """

    pixels: PixelCnnConfig | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pixels is not None and not isinstance(self.pixels, PixelCnnConfig):
            object.__setattr__(self, "pixels", PixelCnnConfig(**self.pixels))


class ImagePrior(nn.Module):
    """Density of image tokens, or of pixels.

    The identity p(I) p(Y|I) = p(Y) p(I|Y) needs both sides in one space, so tokens are the default.
    A density of pixels counts as many nats as the image has tokens: its mean per pixel value, times
    their number. Otherwise 3 · side² values would drown all other terms of the gap.
    """

    Config = ImagePriorConfig

    def __init__(self, config: ImagePriorConfig) -> None:
        super().__init__()
        self.config = config
        pixels = config.pixels
        self.network: nn.Module = TokenPrior(config) if pixels is None else PixelCnn(pixels)

    @property
    def reads_pixels(self) -> bool:
        """Whether samples are images (batch, 3, H, W) uint8, not codes (batch, tokens)."""
        return self.config.pixels is not None

    def forward(self, samples: Tensor) -> Tensor:
        """−ln p̂ of each token or pixel given those before it, nats."""
        nats: Tensor = self.network(samples)
        return nats

    def log_likelihood(self, samples: Tensor) -> Tensor:
        """Log p̂ of whole samples in nats a token, times the tokens, (batch,)."""
        nats: Tensor = self(samples)
        channels = 3 if self.reads_pixels else 1
        return -nats.flatten(1).mean(dim=1) / channels * self.config.tokens
