import pytest
import torch

from spatial_dual.diffusion import (
    KernelConfig,
    LossWeights,
    Timesteps,
    build_kernel,
    diffusion_loss,
    log_likelihood_bound,
    uniform_timesteps,
)


def test_masked_out_tokens_neither_count_nor_learn(generator):
    kernel = build_kernel(KernelConfig("mask_and_replace", 16, 10))
    x_0 = torch.randint(16, (4, 8), generator=generator)
    mask = (torch.arange(8) < 5).expand(4, -1)
    times = uniform_timesteps(4, 10, generator)
    x_t = kernel.sample_forward(x_0, times.t, generator, mask)
    logits = torch.randn(4, 8, 16, generator=generator).requires_grad_()
    loss = diffusion_loss(kernel, logits, x_t, x_0, times, mask)
    loss.total.backward()
    assert loss.tokens.tolist() == [5] * 4
    assert logits.grad[:, 5:].abs().max() == 0
    assert (logits.grad[:, :5].abs().sum(-1) > 0).all()
    short = diffusion_loss(kernel, logits[:, :5], x_t[:, :5], x_0[:, :5], times)
    torch.testing.assert_close(short.total, loss.total)
    torch.testing.assert_close(short.vlb, loss.vlb)


def test_total_is_the_weighted_sum(generator):
    kernel = build_kernel(KernelConfig("uniform", 5, 10))
    x_0 = torch.randint(5, (6, 4), generator=generator)
    times = uniform_timesteps(6, 10, generator)
    x_t = kernel.sample_forward(x_0, times.t, generator)
    logits = torch.randn(6, 4, 5, generator=generator)
    weights = LossWeights(vlb=0.5, cross_entropy=2.0)
    loss = diffusion_loss(kernel, logits, x_t, x_0, times, weights=weights)
    cross_entropy = torch.nn.functional.cross_entropy(logits.flatten(0, 1), x_0.flatten())
    torch.testing.assert_close(loss.cross_entropy, cross_entropy)
    torch.testing.assert_close(loss.total, 0.5 * loss.vlb.sum() / 24 + 2 * cross_entropy)


def test_cross_entropy_of_absorbing_reads_masked_tokens_only(generator):
    kernel = build_kernel(KernelConfig("absorbing", 5, 10))
    x_0, x_t = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 5, 5]])
    logits = torch.randn(1, 3, 5, generator=generator)
    times = Timesteps(torch.tensor([6]), torch.ones(1))
    loss = diffusion_loss(kernel, logits, x_t, x_0, times)
    expected = torch.nn.functional.cross_entropy(logits[0, 1:], x_0[0, 1:])
    torch.testing.assert_close(loss.cross_entropy, expected)


@pytest.mark.parametrize("visible", [0.0, 0.25, 1.0])
def test_cross_entropy_weighs_what_noise_left_visible(visible, generator):
    kernel = build_kernel(KernelConfig("mask_and_replace", 5, 10))
    x_0, x_t = torch.tensor([[1, 2, 3, 0]]), torch.tensor([[1, 5, 4, 5]])
    logits = torch.randn(1, 4, 5, generator=generator)
    times = Timesteps(torch.tensor([6]), torch.ones(1))
    weights = LossWeights(visible=visible)
    loss = diffusion_loss(kernel, logits, x_t, x_0, times, weights=weights)
    nats = torch.nn.functional.cross_entropy(logits[0], x_0[0], reduction="none")
    share = torch.tensor([visible, 1, visible, 1])
    torch.testing.assert_close(loss.cross_entropy, (share * nats).sum() / share.sum())


def test_absent_tokens_weigh_less_in_the_total_and_whole_in_the_bound(generator):
    kernel = build_kernel(KernelConfig("mask_and_replace", 5, 10))
    x_0 = torch.randint(5, (6, 4), generator=generator)
    times = uniform_timesteps(6, 10, generator)
    x_t = kernel.sample_forward(x_0, times.t, generator)
    logits = torch.randn(6, 4, 5, generator=generator).requires_grad_()
    present = torch.tensor([True, False, True, False]).expand(6, -1)
    of_all = diffusion_loss(kernel, logits, x_t, x_0, times)

    def total(absent):
        weights = LossWeights(absent=absent)
        loss = diffusion_loss(kernel, logits, x_t, x_0, times, weights=weights, present=present)
        torch.testing.assert_close(loss.vlb, of_all.vlb)
        return loss.total

    torch.testing.assert_close(total(1.0), of_all.total)
    kept = diffusion_loss(kernel, logits[:, ::2], x_t[:, ::2], x_0[:, ::2], times)
    torch.testing.assert_close(total(0.0), kept.total)
    (gradient,) = torch.autograd.grad(total(0.0), logits)
    assert gradient[:, 1::2].abs().max() == 0


@pytest.mark.parametrize(
    "weights", [{"vlb": -1.0}, {"absent": float("nan")}, {"vlb": 0.0, "cross_entropy": 0.0}]
)
def test_weights_that_teach_nothing_are_refused(weights):
    with pytest.raises(ValueError, match=r"negative|nothing to learn"):
        LossWeights(**weights)


def test_perfect_prediction_costs_nothing_but_the_prior(generator):
    for name in ("uniform", "absorbing", "mask_and_replace"):
        kernel = build_kernel(KernelConfig(name, 5, 8))
        x_0 = torch.randint(5, (3, 4), generator=generator)
        oracle = 200 * torch.nn.functional.one_hot(x_0, 5).float()
        bound = log_likelihood_bound(kernel, lambda z, t, o=oracle: o, x_0, "all", generator)
        torch.testing.assert_close(bound.total, torch.zeros(3), atol=1e-4, rtol=0)


def test_wrong_logits_are_named():
    kernel = build_kernel(KernelConfig("absorbing", 5, 8))
    x_0 = torch.zeros(2, 3, dtype=torch.long)
    times = Timesteps(torch.tensor([1, 2]), torch.ones(2))
    with pytest.raises(ValueError, match=r"\(2, 3, 5\).*got \(2, 3, 6\)"):
        diffusion_loss(kernel, torch.zeros(2, 3, 6), x_0, x_0, times)
