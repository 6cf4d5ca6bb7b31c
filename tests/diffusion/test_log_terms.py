"""The passes over K of the loss beside the same written out."""

import pytest
import torch
from torch import Tensor

from spatial_dual.diffusion import log_terms as module
from spatial_dual.diffusion.log_terms import log_terms
from spatial_dual.diffusion.posterior import Affine


def line_of(*shape: int, generator: torch.Generator) -> Affine:
    """Positive coefficients."""
    return Affine(*torch.rand(5, *shape, dtype=torch.float64, generator=generator))


def written_out(logits: Tensor, both: Tensor, line: Affine) -> Tensor:
    """(3, batch, tokens)."""
    log_p = logits.log_softmax(-1)
    at_x_0, at_x_t = log_p.gather(-1, both).unbind(-1)
    offset = line.offset(at_x_t.exp())
    total = (line.slope[..., None] * log_p.exp() + offset[..., None]).log().sum(-1)
    return torch.stack((at_x_0, at_x_t, total))


@pytest.mark.parametrize("classes", [2, 5, 8])
@pytest.mark.parametrize("cached", [1, 12, 1 << 18])
def test_values_and_gradients_are_those_written_out(
    classes: int, cached: int, generator: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CACHED", cached)
    logits = torch.randn(2, 3, classes, dtype=torch.float64, generator=generator).requires_grad_()
    both = torch.randint(classes, (2, 3, 2), generator=generator)
    both[0, 0] = 1  # x_0 = x_t
    line = line_of(2, 3, generator=generator)
    ours = torch.stack(log_terms(logits, both, line))
    expected = written_out(logits, both, line)
    torch.testing.assert_close(ours, expected)
    weights = torch.randn(3, 2, 3, dtype=torch.float64, generator=generator)
    by_ours, by_expected = (
        torch.autograd.grad((weights * terms).sum(), logits) for terms in (ours, expected)
    )
    torch.testing.assert_close(by_ours, by_expected)


def test_without_a_line_the_sum_is_zero_and_teaches_nothing(generator: torch.Generator) -> None:
    logits = torch.randn(2, 3, 4, generator=generator).requires_grad_()
    both = torch.randint(4, (2, 3, 2), generator=generator)
    at_x_0, at_x_t, total = log_terms(logits, both, None)
    assert total.abs().max() == 0
    torch.testing.assert_close(
        torch.stack((at_x_0, at_x_t), -1), logits.log_softmax(-1).gather(-1, both)
    )
    (gradient,) = torch.autograd.grad(total.sum(), logits)
    assert gradient.abs().max() == 0


def test_bfloat16_logits_are_summed_in_float32(generator: torch.Generator) -> None:
    logits = torch.randn(2, 3, 50, generator=generator).bfloat16()
    both = torch.randint(50, (2, 3, 2), generator=generator)
    line = Affine(*torch.rand(5, 2, 3, generator=generator))
    ours = torch.stack(log_terms(logits, both, line))
    assert ours.dtype == torch.float32
    exact = written_out(logits.double(), both, line)
    torch.testing.assert_close(ours.double(), exact, rtol=1e-5, atol=1e-5)
