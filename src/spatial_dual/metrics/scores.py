"""Figures of single samples, for tests that compare two systems sample by sample."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from spatial_dual.metrics.shares import Share

COLUMNS = ("id", "metric", "right", "total")


def share_rows(metric: str, ids: Sequence[str], shares: Iterable[Share]) -> list[dict[str, Any]]:
    """A row a sample: ``right`` of ``total``."""
    return [
        {"id": name, "metric": metric, "right": float(share.right), "total": float(share.total)}
        for name, share in zip(ids, shares, strict=True)
    ]


def mean_rows(metric: str, ids: Sequence[str], values: np.ndarray) -> list[dict[str, Any]]:
    """A row a sample: its value, of 1; none for a sample whose value is NaN, undefined."""
    pairs = zip(ids, values.tolist(), strict=True)
    return [
        {"id": name, "metric": metric, "right": value, "total": 1.0}
        for name, value in pairs
        if not math.isnan(value)
    ]
