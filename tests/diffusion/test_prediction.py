"""Probabilities by index, and steps that ask for no more of them than their outcome needs."""

import pytest
import torch
from torch import Tensor

from spatial_dual.diffusion import KernelConfig, Prediction, build_kernel
from spatial_dual.diffusion.filtering import guide, keep_top_p, tempered

DISCRETE = ("uniform", "absorbing", "mask_and_replace")
BATCH, TOKENS, K, T = 64, 20, 7, 10


class Counted:
    """Probabilities that know how often each token was asked for; a given x_0 elsewhere."""

    def __init__(self, probabilities: Tensor) -> None:
        self.probabilities, self.asked = probabilities, torch.zeros(probabilities.shape[:2])

    def __getitem__(self, where: slice | tuple[Tensor, ...]) -> Tensor:
        self.asked[where] += 1
        return self.probabilities[where]


def states_at(kernel, t: int, generator: torch.Generator) -> Tensor:
    x_0 = torch.randint(K, (BATCH, TOKENS), generator=generator)
    return kernel.sample_forward(x_0, torch.full((BATCH,), t), generator)


def draw(kernel, x_t: Tensor, probabilities, t: int, s: int) -> Tensor:
    times = (torch.full((BATCH,), t), torch.full((BATCH,), s))
    return kernel.sample_posterior(x_t, probabilities, *times, torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", DISCRETE)
@pytest.mark.parametrize(("t", "s"), [(10, 9), (10, 4), (5, 4), (1, 0), (6, 0)])
def test_tokens_not_asked_for_do_not_depend_on_the_prediction(name, t, s) -> None:
    """And all others were asked for: their x_s follows any prediction one can give."""
    kernel = build_kernel(KernelConfig(name, K, T))
    generator = torch.Generator().manual_seed(0)
    x_t = states_at(kernel, t, generator)
    first = Counted(torch.rand(BATCH, TOKENS, K, generator=generator))
    drawn = draw(kernel, x_t, first, t, s)
    assert first.asked.max() <= 1
    unasked = first.asked == 0
    for certain in range(K):  # a prediction that is sure of one class
        sure = torch.zeros(K).index_fill(0, torch.tensor(certain), 1.0).expand(BATCH, TOKENS, K)
        assert torch.equal(draw(kernel, x_t, sure, t, s)[unasked], drawn[unasked])
    if s == 0 and name != "absorbing":  # nothing keeps its state but by prediction
        assert not unasked.any()
    if s == t - 1 and s > 4:
        assert unasked.float().mean() > 0.3


@pytest.mark.parametrize("name", DISCRETE)
def test_draws_are_distributed_as_the_posterior(name) -> None:
    """Against the closed form, by counts of a token of each kind."""
    kernel = build_kernel(KernelConfig(name, K, T))
    x_t = torch.arange(kernel.states).repeat(5000, 1)
    p = torch.softmax(torch.linspace(-1, 1, K), 0).expand(5000, kernel.states, K)
    times = (torch.full((5000,), 6), torch.full((5000,), 3))
    drawn = kernel.sample_posterior(x_t, p, *times, torch.Generator().manual_seed(2))
    expected = kernel.posterior_probabilities(x_t[:1], p[:1], times[0][:1], times[1][:1])[0]
    for state in range(kernel.states):
        share = drawn[:, state].bincount(minlength=kernel.states) / 5000
        assert (share - expected[state]).abs().max() < 0.03


def test_parts_equal_the_whole() -> None:
    logits, other = torch.randn(2, BATCH, TOKENS, K)
    prediction = Prediction(logits, other, guidance=2.0, temperature=0.7, top_p=0.8)
    whole = keep_top_p(tempered(guide(logits, other, 2.0), 0.7), 0.8)
    assert torch.equal(prediction[:], whole)
    where = (torch.tensor([0, 3, 3]), torch.tensor([4, 0, 1]))
    assert torch.allclose(prediction[where], whole[where], atol=1e-6)
    assert torch.allclose(Prediction(logits)[:], logits.softmax(-1))
