import dataclasses
import itertools
import json
import pickle

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from spatial_dual.diffusion import DiscreteKernel, KernelConfig, build_kernel

STRIDES = [(0, 1), (0, 3), (1, 2), (2, 5), (4, 6), (5, 6), (0, 6)]
DRAWS = 40_000


def batch_of(value: int, size: int) -> torch.Tensor:
    return torch.full((size,), value)


def all_states(kernel: DiscreteKernel) -> tuple[torch.Tensor, torch.Tensor]:
    """Every pair (x_t, x_0), each (K, states)."""
    x_0 = torch.arange(kernel.classes).unsqueeze(1).expand(-1, kernel.states)
    x_t = torch.arange(kernel.states).expand(kernel.classes, -1)
    return x_t.contiguous(), x_0.contiguous()


def random_prediction(kernel, tokens, seed=0):
    draws = np.random.default_rng(seed).dirichlet(np.ones(kernel.classes), size=(1, tokens))
    return torch.from_numpy(draws)


def assert_follows(draws: torch.Tensor, expected: np.ndarray) -> None:
    counts = np.bincount(draws.flatten().numpy(), minlength=len(expected))
    scaled = expected / expected.sum() * counts.sum()
    assert counts[expected == 0].sum() == 0
    likely = scaled >= 5  # below, the chi-square law does not hold
    assert counts[~likely].sum() <= 20
    if likely.sum() > 1:
        counts, scaled = counts[likely], scaled[likely]
        assert chisquare(counts, scaled / scaled.sum() * counts.sum()).pvalue > 1e-3


def test_forward_is_the_product_of_the_steps(kernel, dense):
    x_0 = torch.arange(kernel.classes).unsqueeze(0)
    for t in range(kernel.steps + 1):
        ours = kernel.forward_probabilities(x_0, batch_of(t, 1))[0].numpy()
        np.testing.assert_allclose(ours, dense.between(0, t)[: kernel.classes], atol=1e-13)


@pytest.mark.parametrize(("s", "t"), STRIDES)
def test_posterior_is_bayes_rule(kernel, dense, s, t):
    """(19): q(x_s | x_t, x_0) = q(x_t | x_s) q(x_s | x_0) / q(x_t | x_0), by K × K matrices."""
    x_t, x_0 = all_states(kernel)
    one_hot = torch.nn.functional.one_hot(x_0, kernel.classes).double()
    times = batch_of(t, kernel.classes), batch_of(s, kernel.classes)
    ours = kernel.posterior_probabilities(x_t, one_hot, *times).numpy()
    expected = dense.posterior(s, t)
    possible = ~np.isnan(expected)
    assert possible.any(-1).any(-1).all()
    np.testing.assert_allclose(ours[possible], expected[possible], atol=1e-12)


@pytest.mark.parametrize(("s", "t"), STRIDES)
def test_marginal_posterior_is_the_explicit_sum(kernel, dense, s, t):
    x_t = torch.arange(kernel.states).unsqueeze(0)
    prediction = random_prediction(kernel, kernel.states)
    ours = kernel.posterior_probabilities(x_t, prediction, batch_of(t, 1), batch_of(s, 1))[0]
    posterior = dense.posterior(s, t)
    explicit = np.einsum("ik,kis->is", prediction[0].numpy(), posterior.transpose(0, 1, 2))
    defined = ~np.isnan(explicit).any(-1)
    np.testing.assert_allclose(ours.numpy()[defined], explicit[defined], atol=1e-12)
    np.testing.assert_allclose(ours.numpy().sum(-1), 1, atol=1e-12)


def test_visible_token_of_absorbing_stays_whatever_is_predicted(generator):
    kernel = build_kernel(KernelConfig("absorbing", 3, 6))
    x_t, prediction = torch.tensor([[1]]), torch.tensor([[[0.5, 0.1, 0.4]]])
    t, s = batch_of(4, 1), batch_of(2, 1)
    density = kernel.posterior_probabilities(x_t, prediction, t, s)
    assert density.flatten().tolist() == [0, 1, 0, 0]
    assert kernel.sample_posterior(x_t, prediction, t, s, generator).tolist() == [[1]]


@pytest.mark.parametrize("t", [1, 3, 6])
def test_forward_draws_follow_the_marginal(kernel, dense, generator, t):
    for value in range(kernel.classes):
        x_0 = torch.full((1, DRAWS // 4), value)
        draws = kernel.sample_forward(x_0, batch_of(t, 1), generator)
        assert_follows(draws, dense.between(0, t)[value])


def test_prior_draws_follow_the_prior(kernel, generator):
    draws = kernel.sample_prior((2, DRAWS), generator)
    expected = kernel.prior_probabilities().numpy()
    assert expected.sum() == pytest.approx(1)
    assert_follows(draws, expected)


@pytest.mark.parametrize(("s", "t"), [(0, 1), (2, 3), (1, 5), (4, 6)])
def test_posterior_draws_follow_the_marginal_posterior(kernel, generator, s, t):
    prediction = random_prediction(kernel, 1, seed=t)
    for state in range(kernel.states):
        x_t = torch.full((1, DRAWS // 4), state)
        times = batch_of(t, 1), batch_of(s, 1)
        expected = kernel.posterior_probabilities(x_t[:, :1], prediction, *times)
        wide = prediction.float().expand(1, x_t.shape[1], -1)
        draws = kernel.sample_posterior(x_t, wide, *times, generator)
        assert_follows(draws, expected.flatten().numpy())


@pytest.mark.parametrize("reveal", [True, False])
def test_reveal_decides_who_leaves_the_mask(generator, reveal):
    kernel = build_kernel(KernelConfig("mask_and_replace", 3, 6))
    x_t = torch.full((1, DRAWS), 3)
    prediction = torch.tensor([0.7, 0.2, 0.1]).expand(1, DRAWS, -1)
    times = batch_of(4, 1), batch_of(2, 1)
    chosen = torch.full_like(x_t, reveal, dtype=torch.bool)
    draws = kernel.sample_posterior(x_t, prediction, *times, generator, chosen)
    if not reveal:
        assert (draws == kernel.mask_index).all()
        return
    # what is revealed is x_0 as predicted, no replacement by noise
    assert_follows(draws, np.append(prediction[0, 0].numpy(), 0))


@pytest.mark.parametrize(("s", "t"), STRIDES)
def test_posterior_kl_is_the_dense_kl(kernel, dense, s, t):
    """The terms of the bound, Eq. 19, by products of K × K matrices."""
    x_t, x_0 = all_states(kernel)
    prediction = random_prediction(kernel, kernel.states, seed=3).expand(kernel.classes, -1, -1)
    times = batch_of(t, kernel.classes), batch_of(s, kernel.classes)
    ours = kernel.posterior_kl(x_t, x_0, prediction.log(), *times)[0].numpy()
    p = kernel.posterior_probabilities(x_t, prediction, *times).numpy()
    q = dense.posterior(s, t)
    for value, state in itertools.product(range(kernel.classes), range(kernel.states)):
        row = q[value, state]
        if np.isnan(row).any():
            continue
        positive = row > 1e-14
        ratio = np.log(row[positive] / p[value, state][positive])
        assert ours[value, state] == pytest.approx(
            (row[positive] * ratio).sum(), rel=1e-8, abs=1e-10
        )


def test_posterior_kl_at_zero_is_the_negative_log_likelihood(kernel):
    x_0 = torch.tensor([[0, 1]])
    prediction = random_prediction(kernel, 2)
    x_1 = x_0 if kernel.mask_index is None else torch.full_like(x_0, kernel.mask_index)
    kl, log_at_x_0 = kernel.posterior_kl(x_1, x_0, prediction.log(), batch_of(1, 1), batch_of(0, 1))
    expected = prediction.log().gather(-1, x_0.unsqueeze(-1)).squeeze(-1)
    torch.testing.assert_close(kl, -expected)
    torch.testing.assert_close(log_at_x_0, expected)


def test_posterior_kl_has_the_right_gradient(kernel, generator):
    t = torch.tensor([1, 2, 4, 6])
    x_0 = torch.randint(kernel.classes, (4, 3), generator=generator)
    x_t = kernel.sample_forward(x_0, t, generator)
    logits = torch.randn(4, 3, kernel.classes, dtype=torch.float64, generator=generator)

    def terms(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return kernel.posterior_kl(x_t, x_0, values, t, t - 1)

    assert torch.autograd.gradcheck(terms, logits.requires_grad_())


def test_prediction_kl_is_the_kl_of_both_reverse_steps(kernel, generator):
    x_t = torch.arange(kernel.states).unsqueeze(0)
    p, q = (random_prediction(kernel, kernel.states, seed) for seed in (1, 2))
    times = batch_of(4, 1), batch_of(2, 1)
    ours = kernel.prediction_kl(x_t, p.log(), q.log(), *times)
    dense_p, dense_q = (kernel.posterior_probabilities(x_t, v, *times) for v in (p, q))
    expected = torch.where(dense_p > 0, dense_p * (dense_p / dense_q).log(), 0).sum(-1)
    torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(
        kernel.prediction_kl(x_t, p.log(), p.log(), *times), torch.zeros_like(expected)
    )


def test_prior_kl_is_the_dense_kl(kernel, dense):
    prior = kernel.prior_probabilities().numpy()
    for row in dense.between(0, kernel.steps)[: kernel.classes]:
        positive = row > 0
        expected = (row[positive] * np.log(row[positive] / prior[positive])).sum()
        assert kernel.prior_kl == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["uniform", "absorbing", "mask_and_replace"])
@pytest.mark.parametrize("schedule", ["linear", "cosine", "vq_diffusion"])
def test_many_classes_and_extreme_logits_stay_finite_in_fp32(name, schedule, generator):
    kernel = build_kernel(KernelConfig(name, 1024, 100, schedule))
    t = torch.tensor([1, 2, 50, 99, 100])
    x_0 = torch.randint(1024, (5, 32), generator=generator)
    x_t = kernel.sample_forward(x_0, t, generator)
    logits = (60 * torch.randn(5, 32, 1024, generator=generator)).requires_grad_()
    kl, _ = kernel.posterior_kl(x_t, x_0, logits, t, t - 1)
    kl.sum().backward()
    assert torch.isfinite(kl).all()
    assert torch.isfinite(logits.grad).all()
    assert kl.min() > -1e-4
    density = kernel.posterior_probabilities(x_t, logits.detach().softmax(-1), t, t - 1)
    assert density.min() >= 0
    torch.testing.assert_close(density.sum(-1), torch.ones(5, 32), atol=1e-5, rtol=0)


def test_clean_tokens_have_finite_divergence_at_every_time(kernel):
    x_0 = torch.arange(kernel.classes).unsqueeze(0)
    logits = torch.randn(1, kernel.classes, kernel.classes).requires_grad_()
    for t in range(1, kernel.steps + 1):
        times = batch_of(t, 1), batch_of(t - 1, 1)
        kl, _ = kernel.posterior_kl(x_0, x_0, logits, *times)
        (gradient,) = torch.autograd.grad(kl.sum(), logits)
        assert torch.isfinite(kl).all()
        assert torch.isfinite(gradient).all()


def test_mask_keeps_tokens_clean(kernel, generator):
    x_0 = torch.randint(kernel.classes, (3, 50), generator=generator)
    mask = torch.arange(50).expand(3, -1) < 20
    x_t = kernel.sample_forward(x_0, batch_of(kernel.steps, 3), generator, mask)
    assert torch.equal(x_t[:, 20:], x_0[:, 20:])
    assert not torch.equal(x_t[:, :20], x_0[:, :20])


def test_only_absorbing_ignores_predictions_of_visible_tokens(kernel):
    x_t = torch.arange(kernel.states)
    expected = x_t >= (kernel.classes if kernel.config.name == "absorbing" else 0)
    assert torch.equal(kernel.is_predicted(x_t), expected)


def test_config_survives_json_and_kernel_survives_pickle(kernel):
    config = KernelConfig(**json.loads(json.dumps(dataclasses.asdict(kernel.config))))
    assert config == kernel.config
    copy = pickle.loads(pickle.dumps(kernel))
    x_0 = torch.zeros(2, 30, dtype=torch.long)
    t = batch_of(3, 2)
    draws = [k.sample_forward(x_0, t, torch.Generator().manual_seed(1)) for k in (kernel, copy)]
    assert torch.equal(*draws)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "gaussian"}, "'gaussian'"),
        ({"schedule": "cubic"}, "'cubic'"),
        ({"classes": 1}, "got 1"),
        ({"steps": 0}, "got 0"),
        ({"name": "uniform", "mask_share": 0.5}, "mask_share=0.5"),
        ({"mask_share": 1.5}, "got 1.5"),
    ],
)
def test_config_names_the_wrong_value(change, message):
    good = {"name": "mask_and_replace", "classes": 8, "steps": 10}
    with pytest.raises(ValueError, match=message):
        KernelConfig(**(good | change))


@pytest.mark.parametrize(("t", "s"), [(2, 2), (2, 3)])
def test_reverse_step_must_go_back_in_time(kernel, t, s):
    x_t, prediction = torch.zeros(1, 1, dtype=torch.long), random_prediction(kernel, 1)
    with pytest.raises(ValueError, match="below t"):
        kernel.posterior_probabilities(x_t, prediction, batch_of(t, 1), batch_of(s, 1))


def test_times_outside_the_chain_are_refused(kernel, generator):
    x_0 = torch.zeros(1, 1, dtype=torch.long)
    for t in (-1, kernel.steps + 1):
        with pytest.raises(ValueError, match=rf"\[{t}\]"):
            kernel.sample_forward(x_0, batch_of(t, 1), generator)
