"""Float32 Muon beside the polynomial that it applies to singular values, and beside PyTorch's."""

from typing import Any

import pytest
import torch
from torch import Tensor

from spatial_dual.training.muon import Float32Muon, orthogonalised

SHAPES = [(5, 5), (4, 9), (9, 4), (6, 60)]
COEFFICIENTS = torch.optim.Muon([torch.ones(1, 1)]).defaults["ns_coefficients"]


def by_singular_values(matrix: Tensor, steps: int) -> Tensor:
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    values = values / values.norm()
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        values = a * values + b * values**3 + c * values**5
    return left * values @ right


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("steps", [1, 4, 5])
def test_singular_values_go_through_the_polynomial(shape: tuple[int, int], steps: int) -> None:
    torch.manual_seed(0)
    matrices = torch.randn(3, *shape)
    expected = torch.stack([by_singular_values(m.double(), steps) for m in matrices])
    result = orthogonalised(matrices, COEFFICIENTS, steps).double()
    torch.testing.assert_close(result, expected, rtol=0, atol=2e-4)


def test_lost_rank_and_zeros_stay_finite() -> None:
    torch.manual_seed(0)
    one_direction = torch.randn(6, 1) @ torch.randn(1, 20)
    matrices = torch.stack([one_direction, torch.zeros(6, 20)])
    result = orthogonalised(matrices, COEFFICIENTS, 4)
    assert torch.linalg.matrix_rank(result[0], atol=1e-3) == 1
    assert 0.6 < torch.linalg.matrix_norm(result[0], 2) < 1.3
    assert result[1].abs().max() == 0


def test_steps_are_those_of_pytorch_up_to_its_rounding() -> None:
    torch.manual_seed(0)
    ours = [torch.randn(shape).requires_grad_() for shape in (*SHAPES, *SHAPES)]
    theirs = [p.detach().clone().requires_grad_() for p in ours]
    idle = torch.randn(4, 9).requires_grad_()
    before = [p.detach().clone() for p in ours]
    settings: dict[str, Any] = {"lr": 0.02, "weight_decay": 0.1, "momentum": 0.9, "ns_steps": 4}
    optimizers = (Float32Muon([*ours, idle], **settings), torch.optim.Muon(theirs, **settings))
    kept = idle.detach().clone()
    for _ in range(5):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn_like(mine)
            other.grad = mine.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for start, mine, other in zip(before, ours, theirs, strict=True):
        moved = (other - start).norm()
        assert (mine - other).norm() < 0.03 * moved
    assert torch.equal(idle, kept)


def test_state_is_kept_under_the_name_that_checkpoints_know() -> None:
    weight = torch.ones(2, 3, requires_grad=True)
    weight.grad = torch.ones(2, 3)
    optimizer = Float32Muon([weight], lr=0.1, weight_decay=0.0)
    optimizer.step()
    torch.testing.assert_close(optimizer.state[weight]["momentum_buffer"], 0.05 * torch.ones(2, 3))
