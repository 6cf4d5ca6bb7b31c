import numpy as np
import pytest

from spatial_dual.metrics.significance import mean_and_deviation, paired_bootstrap


def rows(right: list[float]) -> np.ndarray:
    return np.stack([right, np.ones(len(right))], axis=1)


def test_mean_and_deviation():
    assert mean_and_deviation([1, 2, 3]) == (2, 1)
    assert mean_and_deviation([4]) == (4, None)


def test_a_better_system_is_significant_and_its_mirror_is_not():
    generator = np.random.default_rng(0)
    base = (generator.random(300) < 0.4).astype(float)
    better = np.maximum(base, generator.random(300) < 0.2)
    assert paired_bootstrap(rows(better), rows(base), seed=0) < 0.01
    assert paired_bootstrap(rows(base), rows(better), seed=0) > 0.99


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_few_seeds_that_agree_prove_little(seeds):
    assert paired_bootstrap(rows([2] * seeds), rows([1] * seeds), seed=0) == 0.5**seeds


def test_pairing_sees_what_unpaired_rows_hide():
    hard = np.random.default_rng(0).normal(size=100)
    assert paired_bootstrap(rows(hard + 0.01), rows(hard), seed=0) < 0.01


def test_ratios_are_of_sums():
    # 9 of 10 and 0 of 1 is 9/11, not the mean of .9 and 0
    system = np.array([[9.0, 10], [0, 1]] * 50)
    baseline = np.array([[5.0, 10], [1, 1]] * 50)
    assert paired_bootstrap(system, baseline, seed=0) < 0.01


def test_unequal_rows_are_refused():
    with pytest.raises(ValueError, match="at least 2 rows"):
        paired_bootstrap(rows([1]), rows([1]), seed=0)
    with pytest.raises(ValueError, match="rows of both"):
        paired_bootstrap(rows([1, 0]), rows([1, 0, 1]), seed=0)
