"""Right answers of all answers, added up over a corpus."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """``right`` of ``total``."""

    right: int = 0
    total: int = 0

    def __add__(self, other: "Share") -> "Share":
        """Both corpora together."""
        return Share(self.right + other.right, self.total + other.total)

    @property
    def value(self) -> float:
        """Right of total; NaN where there is nothing to count."""
        return self.right / self.total if self.total else float("nan")


def total_share(shares: Iterable[Share]) -> Share:
    """Sum over a corpus."""
    return sum(shares, Share())
