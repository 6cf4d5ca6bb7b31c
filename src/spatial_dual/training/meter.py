"""Loss parts between two rows of a training's log."""

import torch
from torch import Tensor


class Meter:
    """Mean of each loss part over the updates of an interval in which it was finite.

    Attributes:
        sums: (2,) for each part, its sum and how many values are in it.
    """

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}

    def add(self, parts: dict[str, Tensor]) -> None:
        """Count the scalar parts of one update."""
        for key, value in parts.items():
            finite = torch.isfinite(value)
            added = torch.stack((torch.where(finite, value, 0.0), finite.float()))
            self.sums[key] = self.sums[key] + added if key in self.sums else added

    def flush(self) -> dict[str, float]:
        """The means; begins the next interval."""
        sums = {key: value.tolist() for key, value in self.sums.items()}
        self.sums = {}
        return {key: total / count for key, (total, count) in sums.items() if count}
