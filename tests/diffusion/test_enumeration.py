"""A space of 3 states x 2 tokens x 3 steps, small enough to visit every chain."""

import itertools
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from spatial_dual.diffusion import (
    KernelConfig,
    Timesteps,
    build_kernel,
    diffusion_loss,
    log_likelihood_bound,
    sample,
    uniform_timesteps,
)
from spatial_dual.diffusion.sampler import strided_times

TINY = [
    KernelConfig("uniform", 3, 3),
    KernelConfig("absorbing", 2, 3),
    KernelConfig("mask_and_replace", 2, 3),
    KernelConfig("mask_and_replace", 2, 3, "vq_diffusion"),
]
PAIRS = torch.tensor(list(itertools.product(range(3), repeat=2)))


class TableDenoiser:
    """Fixed random logits for each t and pair of states: both tokens matter to both."""

    def __init__(self, classes: int, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.table = torch.randn(4, 3, 3, 2, classes, generator=generator)

    def __call__(self, z_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return self.table[t, z_t[:, 0], z_t[:, 1]]


def reverse_matrix(kernel, denoiser, t, s):
    """p(z_s | z_t) over the nine pairs of states, [z_t, z_s], float64."""
    times = torch.full((9,), t)
    prediction = denoiser(PAIRS, times).double().softmax(-1)
    rows = kernel.posterior_probabilities(PAIRS, prediction, times, torch.full((9,), s))
    return torch.einsum("zi,zj->zij", rows[:, 0], rows[:, 1]).reshape(9, 9).numpy()


def prior_of_pairs(kernel):
    return np.kron(kernel.prior_probabilities(), kernel.prior_probabilities())


@pytest.fixture(params=TINY, ids=lambda config: f"{config.name}-{config.schedule}")
def kernel(request):
    return build_kernel(request.param)


@pytest.fixture
def denoiser(kernel):
    return TableDenoiser(kernel.classes)


@pytest.fixture
def chains(kernel, dense, denoiser):
    """(log p(x_0), exact VLB) of each x_0 by visiting every chain x_0, x_1, x_2, x_3."""
    reverse = [None, *(reverse_matrix(kernel, denoiser, t, t - 1) for t in (1, 2, 3))]
    forward = [np.kron(step, step) for step in dense.one_step]
    prior = prior_of_pairs(kernel)
    results = {}
    for x_0 in itertools.product(range(kernel.classes), repeat=2):
        start = 3 * x_0[0] + x_0[1]
        likelihood = bound = 0.0
        for one, two, three in itertools.product(range(9), repeat=3):
            p = prior[three] * reverse[3][three, two] * reverse[2][two, one]
            p *= reverse[1][one, start]
            q = forward[1][start, one] * forward[2][one, two] * forward[3][two, three]
            likelihood += p
            if q > 1e-25:
                bound += q * np.log(p / q)
        results[x_0] = (np.log(likelihood), -bound)
    return results


def exact_vlb(kernel, denoiser, x_0):
    """The VLB from the package's terms, with the expectation over x_t taken exactly."""
    clean = torch.tensor([x_0]).expand(9, -1)
    total = 2 * kernel.prior_kl
    for t in range(1, kernel.steps + 1):
        times = Timesteps(torch.full((9,), t), torch.ones(9))
        q = kernel.forward_probabilities(clean, times.t).gather(-1, PAIRS.unsqueeze(-1))
        weight = q.squeeze(-1).prod(-1)
        term = diffusion_loss(kernel, denoiser(PAIRS, times.t), PAIRS, clean, times).term
        total += float((weight * torch.where(weight > 1e-20, term, 0)).sum())
    return total


def test_vlb_is_the_enumerated_one_and_bounds_the_likelihood(kernel, denoiser, chains):
    for x_0, (log_likelihood, enumerated) in chains.items():
        vlb = exact_vlb(kernel, denoiser, x_0)
        assert vlb == pytest.approx(enumerated, abs=1e-4)
        assert -vlb <= log_likelihood + 1e-6


def test_reverse_chain_is_a_distribution_over_clean_tokens(chains):
    total = sum(np.exp(log_likelihood) for log_likelihood, _ in chains.values())
    assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_sampler_draws_from_the_enumerated_chain(kernel, denoiser, generator, steps):
    expected = prior_of_pairs(kernel)
    for t, s in pairwise(strided_times(3, steps)):
        expected = expected @ reverse_matrix(kernel, denoiser, t, s)
    tokens = sample(kernel, denoiser, (20_000, 2), steps, generator).tokens
    counts = np.bincount(tokens @ torch.tensor([3, 1]), minlength=9)
    possible = expected > 0
    assert possible.sum() == kernel.classes**2
    assert counts[~possible].sum() == 0
    likely = expected[possible] / expected.sum() * 20_000
    assert chisquare(counts[possible], likely).pvalue > 1e-3


@pytest.mark.parametrize("estimate", ["one", "all"])
def test_estimated_bound_has_the_exact_mean(kernel, denoiser, chains, generator, estimate):
    batch, x_0 = 30_000, (1, 0)
    tokens = torch.tensor([x_0]).expand(batch, -1)
    one = uniform_timesteps(batch, kernel.steps, generator)
    bound = log_likelihood_bound(
        kernel, denoiser, tokens, one if estimate == "one" else "all", generator
    )
    error = 4 * float(bound.total.std()) / batch**0.5
    assert float(bound.total.mean()) == pytest.approx(-chains[x_0][1], abs=error)
    torch.testing.assert_close(bound.per_token, bound.total / 2)


def test_importance_weights_leave_the_estimate_unbiased(kernel, denoiser, chains, generator):
    batch, x_0 = 30_000, (0, 1)
    probability = torch.tensor([0.6, 0.3, 0.1])
    t = torch.multinomial(probability, batch, replacement=True, generator=generator) + 1
    times = Timesteps(t, 1 / (3 * probability[t - 1]))
    bound = log_likelihood_bound(
        kernel, denoiser, torch.tensor([x_0]).expand(batch, -1), times, generator
    )
    error = 4 * float(bound.total.std()) / batch**0.5
    assert float(bound.total.mean()) == pytest.approx(-chains[x_0][1], abs=error)
