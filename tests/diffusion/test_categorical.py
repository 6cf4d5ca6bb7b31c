import numpy as np
import torch
from scipy.stats import chisquare, kstest

from spatial_dual.diffusion.categorical import (
    gumbel_noise,
    sample_categorical,
    uniform_classes,
    uniform_noise,
)


def test_draws_follow_unnormalised_weights(generator):
    weights = torch.tensor([3.0, 0.0, 1.0, 4.0, 0.0])
    noise = uniform_noise((20_000,), generator)
    draws = sample_categorical(weights.expand(20_000, -1), noise)
    counts = np.bincount(draws.numpy(), minlength=5)
    assert counts[[1, 4]].sum() == 0
    expected = np.array([3, 1, 4]) / 8 * 20_000
    assert chisquare(counts[[0, 2, 3]], expected).pvalue > 1e-3


def test_noise_at_both_ends_never_reaches_an_impossible_class():
    weights = torch.tensor([[0.0, 0.3, 0.7, 0.0]])
    for noise, expected in ((0.0, 1), (np.nextafter(1.0, 0.0), 2)):
        draw = sample_categorical(weights, torch.tensor([noise], dtype=torch.float64))
        assert draw.tolist() == [expected]


def test_uniform_classes_reach_every_class_and_no_other():
    noise = torch.tensor([0.0, 0.2499, 0.25, 0.75, np.nextafter(1.0, 0.0)], dtype=torch.float64)
    assert uniform_classes(noise, 4).tolist() == [0, 0, 1, 3, 3]


def test_gumbel_noise_has_the_gumbel_distribution(generator):
    noise = gumbel_noise((5_000,), generator)
    assert noise.dtype == torch.float64
    assert kstest(noise.numpy(), "gumbel_r").pvalue > 1e-3
