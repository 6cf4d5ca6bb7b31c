import numpy as np
import pytest
import torch

from spatial_dual.diffusion.filtering import guide, keep_top_p, sharpen


def random_probabilities(generator: torch.Generator) -> torch.Tensor:
    return (2 * torch.randn(6, 5, 40, generator=generator)).softmax(-1)


@pytest.mark.parametrize("top_p", [0.05, 0.5, 0.86, 0.999])
def test_top_p_keeps_the_smallest_sufficient_set(generator, top_p):
    probabilities = random_probabilities(generator)
    kept = keep_top_p(probabilities, top_p)
    for row, ours in zip(
        probabilities.reshape(-1, 40).double().numpy(), kept.reshape(-1, 40).numpy(), strict=True
    ):
        order = np.argsort(-row)
        size = int(np.searchsorted(np.cumsum(row[order]), top_p)) + 1
        assert set(np.flatnonzero(ours)) == set(order[:size])
        np.testing.assert_allclose(
            ours[order[:size]], row[order[:size]] / row[order[:size]].sum(), rtol=1e-4
        )


def test_top_p_of_one_changes_nothing(generator):
    probabilities = random_probabilities(generator)
    assert torch.equal(keep_top_p(probabilities, 1.0), probabilities)


def test_top_p_of_a_certain_token_keeps_it():
    assert keep_top_p(torch.tensor([[0.0, 1.0, 0.0]]), 0.999).tolist() == [[0, 1, 0]]


def test_guidance_extrapolates_log_probabilities():
    conditional, unconditional = torch.tensor([1.0, 2.0]), torch.tensor([0.5, 3.0])
    assert guide(conditional, unconditional, 3.0).tolist() == [2.0, 0.0]
    assert torch.equal(guide(conditional, unconditional, 1.0), conditional)
    assert torch.equal(guide(conditional, unconditional, 0.0), unconditional)


def test_sharpening_by_hand():
    sharpened = sharpen(torch.tensor([[0.5, 0.25, 0.25]]), 2.0)
    torch.testing.assert_close(sharpened, torch.tensor([[4 / 6, 1 / 6, 1 / 6]]))


@pytest.mark.parametrize("purity_weight", [0.0, 1.0, 500.0])
def test_sharpening_never_underflows(generator, purity_weight):
    probabilities = random_probabilities(generator)
    exact = sharpen(probabilities.double(), purity_weight)
    torch.testing.assert_close(
        sharpen(probabilities, purity_weight).double(), exact, rtol=1e-3, atol=1e-6
    )
    even = torch.full((1, 2), 0.5)
    torch.testing.assert_close(sharpen(even, purity_weight), even)
