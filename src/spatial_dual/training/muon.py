"""Muon (Jordan et al. 2024) in float32, for devices that have no bfloat16 products.

PyTorch's Muon orthogonalises in bfloat16 whatever the device. Two AVX2 cores emulate it, which was
three quarters of a training step of ``dual``. Here all is float32, matrices of equal shape go
together, and all products but two are of squares of the smaller side.
"""

from itertools import groupby
from typing import Any

import torch
from torch import Tensor

SMALLEST = 1e-7
Coefficients = tuple[float, float, float]


class Float32Muon(torch.optim.Muon):
    """``torch.optim.Muon``, its settings and its state, with float32 products.

    A matrix taller than wide moves by √(height / width) as much, the library's "original" rule.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Descend along the gradients at hand; parameters without one stay."""
        for group in self.param_groups:
            trained = [p for p in group["params"] if p.grad is not None]
            trained.sort(key=lambda p: p.shape)  # stable, so that equal runs give equal bytes
            for (height, width), same in groupby(trained, key=lambda p: p.shape):
                parameters = list(same)
                updates = torch.stack([self._direction(p, group["momentum"]) for p in parameters])
                updates = orthogonalised(updates, group["ns_coefficients"], group["ns_steps"])
                scale = group["lr"] * max(1.0, height / width) ** 0.5
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(parameters, list(updates), alpha=-scale)

    def _direction(self, parameter: Tensor, momentum: float) -> Tensor:
        """Nesterov's look ahead from the running mean of gradients."""
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        mean = state["momentum_buffer"].lerp_(gradient, 1 - momentum)
        return gradient.lerp(mean, momentum)


def orthogonalised(matrices: Tensor, coefficients: Coefficients, steps: int) -> Tensor:
    """U p(S) V* of X = U S V*, where the polynomial p brings singular values to about 1.

    Each step is X ← (a I + b G + c G²) X with G = X X*. The factors commute, so that their product
    and G alone are iterated, and X is multiplied once.

    Args:
        matrices: (count, height, width), of any size; scaled to norm 1 first.
        coefficients: a, b, c.
        steps: of the iteration, at least 1.
    """
    if matrices.shape[-2] > matrices.shape[-1]:
        return orthogonalised(matrices.mT, coefficients, steps).mT
    a, b, c = coefficients
    norm = torch.linalg.matrix_norm(matrices, keepdim=True)
    matrices = matrices / norm.clamp_min(SMALLEST)
    gram = matrices @ matrices.mT
    product = _factor(gram, a, b, c)
    factor = product
    for _ in range(steps - 1):
        gram = factor @ gram @ factor
        factor = _factor(gram, a, b, c)
        product = factor @ product
    return product @ matrices


def _factor(gram: Tensor, a: float, b: float, c: float) -> Tensor:
    """The polynomial a I + b G + c G² of squares (count, n, n)."""
    factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
    factor.diagonal(dim1=-2, dim2=-1).add_(a)
    return factor
