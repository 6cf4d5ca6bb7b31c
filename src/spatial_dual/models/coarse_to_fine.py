"""Image diffuser in two scales, in the manner of Frido (Fan et al. 2023): Table 2's baseline.

ln p(z^I | c) = ln p(coarse | c) + ln p(z^I | coarse, c), since coarse codes follow from z^I: each
is the code nearest to the mean vector of 2 × 2 tokens. Each scale has a diffuser of its own.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.token_diffuser import TokenDiffuser, TokenDiffuserConfig


@dataclass(frozen=True)
class CoarseToFineConfig(TokenDiffuserConfig):
    """Sizes of each scale's diffuser; ``code_dim`` is the length of the tokenizer's vectors."""

    code_dim: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.is_grid or self.grid % 2:
            raise ValueError(f"two scales need a grid of even side, got {self.tokens} tokens")

    def scale(self, tokens: int, given_coarse: bool) -> TokenDiffuserConfig:
        """Of the diffuser of one scale."""
        names = TokenDiffuserConfig.__dataclass_fields__
        own = TokenDiffuserConfig(**{name: getattr(self, name) for name in names})
        return replace(own, tokens=tokens, given_coarse=given_coarse)


class CoarseToFine(nn.Module):
    """Denoisers ``coarse`` of tokens / 4 and ``fine`` of all tokens given the coarse ones."""

    Config = CoarseToFineConfig
    codebook: Tensor

    def __init__(self, config: CoarseToFineConfig) -> None:
        super().__init__()
        self.config = config
        self.coarse = TokenDiffuser(config.scale(config.tokens // 4, given_coarse=False))
        self.fine = TokenDiffuser(config.scale(config.tokens, given_coarse=True))
        self.register_buffer("codebook", torch.zeros(config.codes, config.code_dim))

    @property
    def graph(self) -> nn.Module | None:
        """What reads the 3DSG, if anything does."""
        return self.fine.graph

    def coarse_codes(self, codes: Tensor) -> Tensor:
        """Codes (batch, tokens / 4) of the half-size grid of codes (batch, tokens)."""
        grid = self.config.grid
        vectors = F.embedding(codes, self.codebook).transpose(1, 2).unflatten(2, (grid, grid))
        means = F.avg_pool2d(vectors, 2).flatten(2).transpose(1, 2)
        with torch.autocast(means.device.type, enabled=False):  # bfloat16 mixes up near codes
            distances = self.codebook.square().sum(dim=1) - 2 * means @ self.codebook.T
        return distances.argmin(dim=2)
