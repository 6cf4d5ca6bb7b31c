"""Means, nested bootstrap and Holm against known answers."""

import itertools

import numpy as np
import pytest

from spatial_dual.metrics.significance import holm, mean_and_deviation, nested_bootstrap
from spatial_dual.metrics.undefined import UndefinedMetricError


def scenes(right: list[float] | np.ndarray) -> np.ndarray:
    """Scores of one training."""
    return np.stack([right, np.ones(len(right))], axis=1)[None]


def trainings(figures: list[float]) -> np.ndarray:
    """Figures of whole trainings."""
    return scenes(figures).transpose(1, 0, 2)


def test_mean_and_deviation():
    assert mean_and_deviation([1, 2, 3]) == (2, 1)
    assert mean_and_deviation([4]) == (4, None)


def test_a_better_system_is_significant_and_its_mirror_is_not():
    generator = np.random.default_rng(0)
    base = (generator.random(300) < 0.4).astype(float)
    better = np.maximum(base, generator.random(300) < 0.2)
    assert nested_bootstrap(scenes(better), scenes(base), seed=0) < 0.01
    assert nested_bootstrap(scenes(base), scenes(better), seed=0) > 0.99


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_few_trainings_that_agree_prove_little(seeds):
    ones, twos = trainings([1] * seeds), trainings([2] * seeds)
    assert nested_bootstrap(twos, ones, seed=0) == 0.5**seeds


def test_pairing_sees_what_unpaired_rows_hide():
    hard = np.random.default_rng(0).normal(size=100)
    assert nested_bootstrap(scenes(hard + 0.01), scenes(hard), seed=0) < 0.01


def test_ratios_are_of_sums():
    # 9 of 10 and 0 of 1 is 9/11, not the mean of .9 and 0
    system = np.array([[9.0, 10], [0, 1]] * 50)[None]
    baseline = np.array([[5.0, 10], [1, 1]] * 50)[None]
    assert nested_bootstrap(system, baseline, seed=0) < 0.01


def test_p_is_that_of_all_resamples_of_trainings_and_scenes():
    """Every resample of 2 trainings and 3 scenes, which trainings share, visited once."""
    system = np.array([[[3.0, 4], [0, 1], [2, 2]], [[1, 3], [1, 2], [0, 2]]])
    baseline = np.array([[[1.0, 4], [1, 1], [1, 2]], [[2, 3], [1, 2], [1, 2]]])
    worse = []
    for chosen in itertools.product(range(2), repeat=2):
        for drawn in itertools.product(range(3), repeat=3):
            own, other = (
                sum(side[training, scene] for training in chosen for scene in drawn)
                for side in (system, baseline)
            )
            worse.append(own[0] / own[1] <= other[0] / other[1])
    p = nested_bootstrap(system, baseline, seed=0, resamples=20_000)
    assert p == pytest.approx(np.mean(worse), abs=0.015)


def test_trainings_that_differ_count_beside_scenes():
    """What one training has in all scenes is no proof, however many scenes there are."""
    generator = np.random.default_rng(0)
    base = generator.random((3, 400))
    lucky = np.array([0.3, -0.05, -0.05])[:, None]
    system, baseline = (np.stack([x, np.ones_like(x)], axis=-1) for x in (base + lucky, base))
    assert nested_bootstrap(system, baseline, seed=0) > 0.2
    # as one training of 1 200 scenes it would look certain
    flat = (side.reshape(1, -1, 2) for side in (system, baseline))
    assert nested_bootstrap(*flat, seed=0) < 0.001


def test_equal_systems_with_lucky_trainings_are_rarely_told_apart():
    """With 8 trainings, about one false claim in twenty at 5 %, where scenes alone make many."""
    generator = np.random.default_rng(1)
    nested = alone = 0
    for _ in range(100):
        luck = generator.normal(0, 0.1, (2, 8, 1))
        scores = generator.normal(0, 0.3, (2, 8, 60)) + luck
        system, baseline = (np.stack([x, np.ones_like(x)], axis=-1) for x in scores)
        nested += nested_bootstrap(system, baseline, seed=0, resamples=300) < 0.05
        flat = (side.reshape(1, -1, 2) for side in (system, baseline))
        alone += nested_bootstrap(*flat, seed=0, resamples=300) < 0.05
    assert nested <= 13
    assert alone >= 15


def test_unequal_rows_are_refused():
    with pytest.raises(UndefinedMetricError, match="at least 2 rows"):
        nested_bootstrap(scenes([1]), scenes([1]), seed=0)
    with pytest.raises(UndefinedMetricError, match=r"rows .* of both"):
        nested_bootstrap(scenes([1, 0]), scenes([1, 0, 1]), seed=0)


def test_holm_on_a_worked_example():
    # four tests at .05: .005 · 4 = .02; .01 · 3 = .03; .03 · 2 = .06; .04 · 1, at least .06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == pytest.approx([1, 1])
    assert holm([0.2]) == pytest.approx([0.2])
    assert holm([]) == []


def test_holm_rejects_what_the_step_down_rule_rejects():
    """Holm's rule: go up from the smallest, stop at the first p above α / (claims left)."""
    generator = np.random.default_rng(0)
    for _ in range(200):
        p = generator.random(6) ** 3
        adjusted = np.array(holm(p.tolist()))
        rejected = np.zeros(6, bool)
        for done, index in enumerate(np.argsort(p)):
            if p[index] > 0.05 / (6 - done):
                break
            rejected[index] = True
        assert np.array_equal(adjusted <= 0.05, rejected)
