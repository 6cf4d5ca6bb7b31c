"""Means over trainings, paired bootstrap tests of one system against another, several claims."""

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


def nested_bootstrap(
    system: np.ndarray, baseline: np.ndarray, seed: int, resamples: int = RESAMPLES
) -> float:
    """One-sided p: share of resamples of trainings, then scenes, without an advantage.

    Trainings are drawn with replacement first, then scenes, which all trainings share; a resample's
    figure is of sums over both. The same draws serve both systems, so what is hard for both cancels
    out (Koehn 2004). With one training p is about its scenes alone; a few understate the spread of
    trainings (Davison and Hinkley 1997, 3.8), so their number belongs beside every p. Never below
    2^-(trainings · scenes), the chance that equal systems differ everywhere in the same direction.

    Args:
        system: (trainings, scenes, 2) right and total of each scene, or with one "scene" the figure
            of each training, of 1. Larger is better.
        baseline: the same seeds and scenes of the other system.
        seed: of the draws.
        resamples: draws with replacement.

    Raises:
        UndefinedMetricError: shapes differ, or fewer than 2 rows in all; a value that is not
            finite; a total below 0, or all of them 0; or no row in which the systems differ.
    """
    shapes = f"{system.shape} and {baseline.shape}"
    if system.shape != baseline.shape or system.ndim != 3 or system[..., 0].size < 2:
        raise UndefinedMetricError(
            f"a paired test needs at least 2 rows (trainings, scenes, 2) of both, got {shapes}"
        )
    for scores in (system, baseline):
        check_finite(scores.reshape(-1, 2), "scores of a paired test")
        if (scores[..., 1] < 0).any() or not scores[..., 1].any():
            raise UndefinedMetricError("a paired test needs something that was counted")
    if (system == baseline).all():
        raise UndefinedMetricError("both systems have the same figure in every row")
    generator = np.random.default_rng(seed)
    trainings, scenes, _ = system.shape
    # a resample is how often each training and each scene is drawn
    of_training, of_scene = (
        generator.multinomial(count, np.full(count, 1 / count), size=resamples)
        for count in (trainings, scenes)
    )
    both = np.concatenate([system, baseline], axis=-1).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        by_training = np.tensordot(of_scene, both, axes=(1, 1))  # (resamples, trainings, 4)
        sums = np.einsum("bs,bsk->bk", of_training, by_training)
        margin = sums[:, 0] * sums[:, 3] - sums[:, 2] * sums[:, 1]
    check_finite(margin, "scores too large to compare")
    share = (np.count_nonzero(margin <= 0) + 1) / (resamples + 1)
    return float(max(share, 0.5 ** (trainings * scenes)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of several claims, in their order (Holm 1979).

    The k-th smallest of m is multiplied by m − k + 1, at least the one before and at most 1: all
    claims whose result is below α hold together with an error of at most α.
    """
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(order))
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.maximum.accumulate(np.minimum(1, factors * np.asarray(p_values)[order]))
    return [float(value) for value in adjusted]
