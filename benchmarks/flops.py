"""Model FLOP utilisation: FLOPs that the model needs over what the device could do meanwhile."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.ours import Ours

PEAK = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Dense bfloat16 FLOP/s of the SXM boards, from the makers' data sheets."""


def model_flop_utilisation(ours: Ours, step_seconds: float, device: torch.device) -> float | None:
    """Share of the peak that a training step reaches; None where the peak is not known."""
    name = torch.cuda.get_device_name(device)
    peak = next((rate for board, rate in PEAK.items() if board in name), None)
    if peak is None:
        return None
    shape = (ours.settings.batch, ours.settings.tokens)
    x_0 = torch.randint(ours.settings.codes, shape, device=device)
    with FlopCounterMode(display=False) as counter:
        ours.loss(x_0).backward()
    return float(counter.get_total_flops()) / step_seconds / peak
