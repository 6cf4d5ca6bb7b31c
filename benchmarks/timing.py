"""Paired timings: two contenders take turns, so that whatever else the machine does hits both."""

import statistics
import time
from collections.abc import Callable

import torch

Work = Callable[[], object]


def seconds(work: Work, device: torch.device) -> float:
    """Wall time of one call, the device's queue empty before and after."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def paired(works: dict[str, Work], rounds: int, device: torch.device) -> dict[str, list[float]]:
    """Seconds of every call: one warm-up each, then ``rounds`` rounds in turn."""
    for work in works.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(work, device))
    return times


def ratio(theirs: list[float], ours: list[float]) -> float:
    """Median over rounds of their time divided by ours in the same round."""
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
