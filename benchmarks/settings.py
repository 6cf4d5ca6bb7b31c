"""Sizes that both contenders share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """A denoiser and what it is timed on.

    Attributes:
        dim: width; ``depth`` blocks of ``heads`` heads.
        tokens: image tokens, a square number.
        codes: K without the mask.
        context: condition tokens that cross-attention reads.
        batch: samples at once.
        chain: T, noising steps.
        steps: reverse steps timed.
    """

    dim: int = 256
    depth: int = 6
    heads: int = 8
    tokens: int = 256
    codes: int = 1024
    batch: int = 16
    context: int = 0
    chain: int = 100
    steps: int = 4
