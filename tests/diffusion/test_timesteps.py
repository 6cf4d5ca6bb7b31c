import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from spatial_dual.diffusion import LossHistory, uniform_timesteps


def full_history(moments: list[float]) -> LossHistory:
    count = torch.full((len(moments),), 10)
    return LossHistory(torch.tensor(moments, dtype=torch.float64), count)


def test_uniform_times_are_uniform_at_each_place(generator):
    draws = torch.stack([uniform_timesteps(3, 5, generator).t for _ in range(6_000)])
    for place in draws.T:
        counts = np.bincount(place.numpy(), minlength=6)
        assert counts[0] == 0
        assert chisquare(counts[1:]).pvalue > 1e-3


def test_uniform_times_cover_the_chain(generator):
    times = uniform_timesteps(10, 10, generator)
    assert sorted(times.t.tolist()) == list(range(1, 11))
    assert times.weight.tolist() == [1.0] * 10


def test_history_is_uniform_until_warm(generator):
    history = LossHistory.empty(4).updated(torch.tensor([1, 1, 2]), torch.tensor([1.0, 3.0, 5.0]))
    assert history.probabilities().tolist() == [0.25] * 4
    assert history.count.tolist() == [2, 1, 0, 0]


def test_history_draws_in_proportion_to_the_root_mean_square():
    history = full_history([1.0, 4.0, 9.0, 36.0])
    expected = 0.999 * np.array([1, 2, 3, 6]) / 12 + 0.001 / 4
    np.testing.assert_allclose(history.probabilities(), expected, rtol=1e-12)


def test_importance_weights_leave_the_mean_unbiased(generator):
    history = full_history([1.0, 4.0, 9.0, 36.0])
    loss = torch.tensor([0.5, 2.5, 2.0, 7.0])
    times = history.draw(40_000, generator)
    weighted = times.weight * loss[times.t - 1]
    error = 4 * float(weighted.std()) / 200
    assert float(weighted.mean()) == pytest.approx(float(loss.mean()), abs=error)
    assert float(weighted.std()) < 0.3 * float(loss.std())


def test_second_moment_decays_by_hand():
    history = LossHistory.empty(2).updated(torch.tensor([1, 1]), torch.tensor([1.0, 3.0]))
    assert history.second_moment.tolist() == [5.0, 0.0]
    history = history.updated(torch.tensor([1]), torch.tensor([5.0]))
    assert history.second_moment.tolist() == pytest.approx([0.9 * 5 + 0.1 * 25, 0.0])
