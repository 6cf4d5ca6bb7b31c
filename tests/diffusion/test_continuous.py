"""The Gaussian kernel against quadrature, conjugate formulas and the shared objective."""

import json
import pickle
from dataclasses import asdict

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, norm
from torch.distributions import Normal, kl_divergence

from spatial_dual.diffusion import (
    Clamp,
    KernelConfig,
    PurityOrder,
    build_kernel,
    diffusion_loss,
    log_likelihood_bound,
    sample,
    uniform_timesteps,
)
from spatial_dual.diffusion.continuous import ContinuousKernel

TARGET = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4]])


def continuous(classes=4, steps=10, dim=3, schedule="cosine") -> ContinuousKernel:
    kernel = build_kernel(KernelConfig("continuous", classes, steps, schedule, embedding_dim=dim))
    assert isinstance(kernel, ContinuousKernel)
    return kernel


def exact_denoiser(kernel, target):
    """p(x_0 | x_t) by Bayes when tokens are independent with law ``target`` (tokens, K)."""
    classes = kernel.to_states(torch.arange(kernel.classes))

    def denoise(z_t, t):
        alpha = kernel._alpha_bar(t)[..., None]
        squares = (z_t[:, :, None] - alpha.sqrt() * classes).square().sum(-1)
        return target.log() - squares / (2 * (1 - alpha.squeeze(-1)))

    return denoise


def test_forward_has_the_mean_and_variance_of_the_schedule(generator):
    kernel = continuous(schedule="linear")
    x_0 = torch.full((20_000, 1), 2)
    x_t = kernel.sample_forward(x_0, torch.full((20_000,), 4), generator)
    clean = kernel.to_states(x_0)[0]
    torch.testing.assert_close(x_t.mean(0), 0.6**0.5 * clean, atol=0.03, rtol=0)
    torch.testing.assert_close(x_t.var(0), torch.full((1, 3), 0.4), atol=0.03, rtol=0)


@pytest.mark.parametrize(("s", "t"), [(1, 2), (3, 9), (2, 10), (0, 4)])
def test_posterior_is_the_product_of_two_gaussians(s, t):
    """q(x_s | x_t, x_0) ∝ q(x_s | x_0) q(x_t | x_s), multiplied on a grid."""
    kernel = continuous(dim=1)
    x_t, x_0 = torch.tensor([[[0.7]]]), torch.tensor([[1]])
    clean = kernel.to_states(x_0)
    times = torch.tensor([t]), torch.tensor([s])
    mean, variance = kernel.posterior_moments(x_t, clean, *times)
    alpha_s, alpha_t = (float(kernel._alpha_bar(torch.tensor([time]))) for time in (s, t))
    if s == 0:
        assert float(variance) == 0
        assert float(mean) == pytest.approx(float(clean))
        return
    grid = np.linspace(-8, 8, 40_001)
    density = norm.pdf(grid, alpha_s**0.5 * float(clean), (1 - alpha_s) ** 0.5)
    step = alpha_t / alpha_s
    density *= norm.pdf(0.7, step**0.5 * grid, (1 - step) ** 0.5)
    density /= density.sum()
    assert float(mean) == pytest.approx((density * grid).sum(), abs=1e-6)
    spread = (density * grid**2).sum() - (density * grid).sum() ** 2
    assert float(variance) == pytest.approx(spread, abs=1e-6)


def test_posterior_kl_is_that_of_the_two_gaussians(generator):
    kernel = continuous()
    x_0 = torch.randint(4, (5, 6), generator=generator)
    t, s = torch.tensor([2, 3, 5, 9, 10]), torch.tensor([1, 1, 4, 2, 9])
    x_t = kernel.sample_forward(x_0, t, generator)
    log_p = torch.randn(5, 6, 4, generator=generator).log_softmax(-1)
    predicted = log_p.exp() @ kernel.to_states(torch.arange(4))
    q, variance = kernel.posterior_moments(x_t, kernel.to_states(x_0), t, s)
    p, _ = kernel.posterior_moments(x_t, predicted, t, s)
    expected = kl_divergence(Normal(q, variance.sqrt()), Normal(p, variance.sqrt())).sum(-1)
    ours, _ = kernel.posterior_kl(x_t, x_0, log_p, t, s)
    torch.testing.assert_close(ours, expected.float(), rtol=1e-3, atol=1e-5)
    one_hot = torch.nn.functional.one_hot(x_0, 4).float().clamp_min(1e-30).log()
    torch.testing.assert_close(kernel.prediction_kl(x_t, one_hot, log_p, t, s), ours)


def test_last_step_is_a_categorical_one(generator):
    kernel = continuous()
    x_0 = torch.randint(4, (2, 3), generator=generator)
    log_p, log_q = torch.randn(2, 2, 3, 4, generator=generator).log_softmax(-1)
    x_t, t, s = kernel.to_states(x_0), torch.tensor([1, 5]), torch.tensor([0, 0])
    nats = torch.nn.functional.nll_loss(log_p.flatten(0, 1), x_0.flatten(), reduction="none")
    torch.testing.assert_close(kernel.posterior_kl(x_t, x_0, log_p, t, s)[0].flatten(), nats)
    expected = (log_p.exp() * (log_p - log_q)).sum(-1)
    torch.testing.assert_close(kernel.prediction_kl(x_t, log_p, log_q, t, s), expected)


@pytest.mark.parametrize("schedule", ["linear", "cosine", "vq_diffusion"])
def test_prior_kl_is_the_gaussian_one_for_every_class(schedule):
    kernel = continuous(schedule=schedule, steps=5)
    alpha = kernel._tables.rows[0, -1]
    for clean in kernel.to_states(torch.arange(4)).double():
        end = Normal(alpha.sqrt() * clean, (1 - alpha).sqrt())
        expected = kl_divergence(end, Normal(torch.zeros(3), 1.0)).sum()
        assert kernel.prior_kl == pytest.approx(float(expected), abs=1e-9)


class Quadrature:
    """One token, two classes, one-dimensional states, three steps: every integral on a grid."""

    def __init__(self) -> None:
        self.kernel = continuous(classes=2, steps=3, dim=1, schedule="linear")
        self.grid = torch.linspace(-7, 7, 701, dtype=torch.float64)
        self.cell = float(self.grid[1] - self.grid[0])

    def denoise(self, z_t, t):
        """Some wrong denoiser."""
        return torch.cat([z_t.sin() + t[:, None, None] / 5, 0.4 * z_t], dim=-1)

    def column(self, t):
        return self.grid[:, None, None].float(), torch.full(self.grid.shape, t)

    def log_likelihood(self):
        """ln p(x_0) of both classes by integrating over x_3, x_2, x_1."""
        density = norm.pdf(self.grid)
        for t in (3, 2):
            x_t, times = self.column(t)
            mean_embedding = self.kernel.mean_embedding(self.denoise(x_t, times).softmax(-1))
            mean, variance = self.kernel.posterior_moments(x_t, mean_embedding, times, times - 1)
            spread = variance.flatten().sqrt()[:, None].numpy()
            density = density @ norm.pdf(self.grid, mean.flatten()[:, None], spread) * self.cell
        last = self.denoise(*self.column(1)).double().softmax(-1).flatten(0, 1)
        return (torch.from_numpy(density) @ last * self.cell).log()

    def vlb(self, x_0):
        total = self.kernel.prior_kl
        for t in (1, 2, 3):
            x_t, times = self.column(t)
            clean = torch.full((len(self.grid), 1), x_0)
            log_p = self.denoise(x_t, times).log_softmax(-1)
            terms = self.kernel.posterior_kl(x_t, clean, log_p, times, times - 1)[0].flatten()
            alpha = float(self.kernel._alpha_bar(times[:1]))
            center = alpha**0.5 * float(self.kernel.to_states(torch.tensor([x_0])))
            q = norm.pdf(self.grid, center, (1 - alpha) ** 0.5)
            total += float((terms.double().numpy() * q).sum() * self.cell)
        return total


def test_bound_lies_below_the_integrated_likelihood_and_is_estimated_without_bias(generator):
    exact = Quadrature()
    likelihoods = exact.log_likelihood()
    assert float(likelihoods.exp().sum()) == pytest.approx(1, abs=1e-4)
    for x_0, log_likelihood in enumerate(likelihoods.tolist()):
        vlb = exact.vlb(x_0)
        assert -vlb < log_likelihood
        tokens = torch.full((30_000, 1), x_0)
        for times in ("all", uniform_timesteps(30_000, 3, generator)):
            bound = log_likelihood_bound(exact.kernel, exact.denoise, tokens, times, generator)
            error = 4 * float(bound.total.std()) / 30_000**0.5
            assert float(bound.total.mean()) == pytest.approx(-vlb, abs=error + 1e-4)


def test_exact_denoiser_reaches_the_entropy_of_the_data(generator):
    """E[VLB] never falls below the entropy, and meets it as steps grow finer."""
    kernel = continuous(steps=500, schedule="linear")
    tokens = torch.stack(
        [torch.multinomial(law, 8_000, replacement=True, generator=generator) for law in TARGET], 1
    )
    times = uniform_timesteps(8_000, 500, generator)
    denoise = exact_denoiser(kernel, TARGET)
    vlb = -log_likelihood_bound(kernel, denoise, tokens, times, generator).total
    entropy = float(-(TARGET * TARGET.log()).sum())
    error = 3 * float(vlb.std()) / 8_000**0.5
    assert entropy - error < float(vlb.mean()) < 1.03 * entropy + error


@pytest.mark.parametrize("steps", [1, 4, 20])
def test_point_mass_is_recovered_for_any_step_count(steps, generator):
    kernel = continuous(classes=9, steps=20, dim=None)
    tokens = torch.randint(9, (5, 13), generator=generator)
    logits = 1e4 * torch.nn.functional.one_hot(tokens, 9).float()
    drawn = sample(kernel, lambda z_t, t: logits, (5, 13), steps, generator)
    assert torch.equal(drawn.tokens, tokens)


def test_samples_follow_a_factorised_target(generator):
    kernel = continuous(steps=200, schedule="linear")
    tokens = sample(kernel, exact_denoiser(kernel, TARGET), (4_000, 2), 200, generator).tokens
    for column, law in zip(tokens.T.numpy(), TARGET.double().numpy(), strict=True):
        assert chisquare(np.bincount(column, minlength=4), law / law.sum() * 4_000).pvalue > 1e-3


def test_clamped_tokens_stay_clean_states_and_the_trajectory_is_of_tokens(generator):
    kernel = continuous(classes=6, steps=12)
    values = torch.randint(6, (4, 10), generator=generator)
    mask = torch.rand(4, 10, generator=generator) < 0.5
    seen = []

    def denoise(z_t, t):
        seen.append(z_t)
        return z_t @ torch.ones(3, 6)

    result = sample(
        kernel, denoise, (4, 10), 6, generator, clamp=Clamp(values, mask), return_trajectory=True
    )
    assert result.trajectory is not None
    assert result.trajectory.shape == (7, 4, 10)
    assert torch.equal(result.trajectory[-1], result.tokens)
    assert (result.trajectory[:, mask] == values[mask]).all()
    for states in seen:
        assert torch.equal(states[mask], kernel.to_states(values)[mask])


def test_learns_through_the_shared_objective(generator):
    kernel = continuous(classes=5, steps=20)
    x_0 = torch.randint(5, (64, 4), generator=generator)
    network = torch.nn.Linear(3, 5)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
    losses = []
    for _ in range(40):
        times = uniform_timesteps(64, 20, generator)
        x_t = kernel.sample_forward(x_0, times.t, generator)
        loss = diffusion_loss(kernel, network(x_t), x_t, x_0, times)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        losses.append(loss.total.item())
    assert np.mean(losses[-5:]) < 0.7 * losses[0]


def test_kernels_of_equal_config_share_embeddings():
    kernel = continuous()
    twin = build_kernel(KernelConfig(**json.loads(json.dumps(asdict(kernel.config)))))
    tokens = torch.arange(4)[None]
    for other in (twin, pickle.loads(pickle.dumps(kernel))):
        assert torch.equal(other.to_states(tokens), kernel.to_states(tokens))
    assert torch.equal(kernel.to_tokens(kernel.to_states(tokens)), tokens)


def test_settings_of_other_kernels_are_refused():
    with pytest.raises(ValueError, match="embedding_dim=8 is only read by continuous"):
        KernelConfig("uniform", 4, 10, embedding_dim=8)
    with pytest.raises(ValueError, match=r"mask_share=0\.5 is only read by mask_and_replace"):
        KernelConfig("continuous", 4, 10, mask_share=0.5)
    with pytest.raises(ValueError, match="got 0"):
        KernelConfig("continuous", 4, 10, embedding_dim=0)
    generator = torch.Generator().manual_seed(0)
    with pytest.raises(ValueError, match="'continuous' has none"):
        sample(continuous(), lambda z, t: z, (1, 1), 2, generator, order=PurityOrder())
