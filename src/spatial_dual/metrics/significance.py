"""Means over seeds, and paired bootstrap tests of one system against another."""

from collections.abc import Sequence

import numpy as np

from spatial_dual.metrics.undefined import UndefinedMetricError, check_finite

RESAMPLES = 2000


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation over seeds; None for the latter with a single seed.

    Raises:
        UndefinedMetricError: no values, or one that is not finite.
    """
    if not len(values):
        raise UndefinedMetricError("no values to take the mean of")
    check_finite(values, "figures of seeds")
    array = np.asarray(values, np.float64)
    return float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else None


def paired_bootstrap(
    system: np.ndarray, baseline: np.ndarray, seed: int, resamples: int = RESAMPLES
) -> float:
    """One-sided p: share of resamples in which the system is not better (Koehn 2004).

    The same rows are drawn for both, so what is hard for both cancels out. Never below 2^-rows, the
    chance that equal systems differ in the same direction in every row: a bootstrap of two or three
    seeds that agree would else give 0.

    Args:
        system: (rows, 2) right and total of each row (a test sample, or a seed); totals of 1 make
            it a mean. Larger is better.
        baseline: the same rows of the other system.
        seed: of the draws.
        resamples: draws with replacement.

    Raises:
        UndefinedMetricError: rows differ in number, or fewer than 2; a value that is not finite; a
            total below 0, or all of them 0; or no row in which the systems differ.
    """
    if system.shape != baseline.shape or len(system) < 2:
        raise UndefinedMetricError(
            f"a paired test needs at least 2 rows of both, got {system.shape} and {baseline.shape}"
        )
    for scores in (system, baseline):
        check_finite(scores, "scores of a paired test")
        if (scores[:, 1] < 0).any() or not scores[:, 1].any():
            raise UndefinedMetricError("a paired test needs something that was counted")
    if (system == baseline).all():
        raise UndefinedMetricError("both systems have the same figure in every row")
    generator = np.random.default_rng(seed)
    # a resample is how often each row is drawn
    rows = len(system)
    draws = generator.multinomial(rows, np.full(rows, 1 / rows), size=resamples)
    with np.errstate(over="ignore", invalid="ignore"):
        own, other = draws @ system, draws @ baseline
        margin = own[:, 0] * other[:, 1] - other[:, 0] * own[:, 1]
    check_finite(margin, "scores too large to compare")
    share = (np.count_nonzero(margin <= 0) + 1) / (resamples + 1)
    return float(max(share, 0.5**rows))
