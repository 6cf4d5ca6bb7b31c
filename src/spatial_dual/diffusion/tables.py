"""Schedule tables looked up by time, kept once on every device that asked."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class TimeTables:
    """Rows of values at t = 0..T, float64.

    Args:
        rows: (rows, T + 1).
    """

    def __init__(self, rows: NDArray[np.float64]) -> None:
        self.rows = torch.from_numpy(rows)
        self._by_device = {self.rows.device: self.rows}

    def at(self, t: Tensor) -> Tensor:
        """Values at times ``t`` (batch,): (rows, batch, 1), on the device of ``t``.

        Raises:
            ValueError: times outside the chain; seen on the CPU only, elsewhere the check would
                wait for the device.
        """
        last = self.rows.shape[1] - 1
        if t.device.type == "cpu" and not 0 <= int(t.min()) <= int(t.max()) <= last:
            raise ValueError(f"times must lie in 0..{last}, got {t.tolist()}")
        if t.device not in self._by_device:
            self._by_device[t.device] = self.rows.to(t.device)
        return self._by_device[t.device][:, t].unsqueeze(-1)
