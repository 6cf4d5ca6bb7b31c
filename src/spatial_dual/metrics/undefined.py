"""Figures that the data do not define: refused with the reason, never reported as a number."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike


class UndefinedMetricError(ValueError):
    """A figure that these data do not define; the message is the reason."""


def figure_or_reason(compute: Callable[[], float]) -> float | str:
    """The figure, or the reason why there is none, as ``metrics.table`` takes it."""
    try:
        return compute()
    except UndefinedMetricError as error:
        return str(error)


def check_finite(values: ArrayLike, what: str) -> None:
    """Refuse NaN and infinity, which would pass through means and comparisons in silence.

    Raises:
        UndefinedMetricError: names ``what``, and how many rows of ``values`` (n, …) are bad.
    """
    rows = np.asarray(values)
    bad = ~np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
    if bad.any():
        raise UndefinedMetricError(f"{what}: {int(bad.sum())} of {len(bad)} are NaN or infinite")


def check_varied(values: ArrayLike, what: str) -> None:
    """Refuse rows (n, …) that are all equal: they say nothing of what they were taken from.

    Raises:
        UndefinedMetricError: names ``what``.
    """
    rows = np.asarray(values)
    if len(rows) and (rows == rows[:1]).all():
        raise UndefinedMetricError(f"{what}: all {len(rows)} are equal")
