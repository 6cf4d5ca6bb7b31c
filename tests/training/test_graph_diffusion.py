"""Step 3: L_I23D + L_T23D, the bound of (19) put together from dense matrices."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spatial_dual.diffusion import DiscreteKernel, KernelConfig, LossWeights, build_kernel
from spatial_dual.training.objectives.graph_diffusion import GraphDiffusionLoss
from tests.diffusion.conftest import DenseChain
from tests.training.test_dual import CODES, make_batch, make_model

STEPS = 10


def bound(chain: DenseChain, p_0: np.ndarray, z_t: int, z_0: int, t: int) -> float:
    """Σ_s q(s | z_t, z_0) ln of its ratio to Σ_k p(z_0 = k) q(s | z_t, k); at t = 1 −ln p(z_0)."""
    posterior = np.nan_to_num(chain.posterior(t - 1, t))  # [x_0, x_t, x_s]
    q, p = posterior[z_0, z_t], p_0 @ posterior[:, z_t]
    possible = q > 0
    return float((q[possible] * np.log(q[possible] / p[possible])).sum())


@pytest.mark.parametrize(("kind", "task"), [("image", "I23D"), ("text", "T23D")])
def test_loss_is_bound_and_cross_entropy_by_dense_matrices(kind: str, task: str) -> None:
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, STEPS))
    assert isinstance(kernel, DiscreteKernel)
    chain, model, batch = DenseChain.of(kernel), make_model(None).graph, make_batch()
    calls: list[tuple[Any, Tensor]] = []
    model.register_forward_hook(lambda m, given, out: calls.append((given, out.detach())))
    weights = LossWeights(vlb=0.3, cross_entropy=0.7, visible=0.4, absent=0.2)
    parts = GraphDiffusionLoss(kernel, weights)(model, batch, torch.Generator().manual_seed(0))
    ((z_t, times, condition), logits) = calls[("image", "text").index(kind)]
    assert condition.kind == kind
    assert torch.equal(condition.context[:, 0], batch[f"clip_{kind}"])
    codes, p_0 = batch[f"{kind}_gold_codes"], logits.double().softmax(-1).numpy()
    kl = nats = nodes = read = 0.0
    for row, t in enumerate(times.tolist()):
        for node in range(codes.shape[1]):
            clean = int(codes[row, node])
            share = 1.0 if batch[f"{kind}_present"][row, node] else weights.absent
            shown = 1.0 if z_t[row, node] == CODES else weights.visible
            kl += share * bound(chain, p_0[row, node], int(z_t[row, node]), clean, t)
            nats -= share * shown * float(np.log(p_0[row, node, clean]))
            nodes, read = nodes + share, read + share * shown
    vlb = STEPS * kl / nodes + kernel.prior_kl
    expected = weights.vlb * vlb + weights.cross_entropy * nats / read
    assert float(parts[task].detach()) == pytest.approx(expected, rel=1e-3)
    assert float(parts["loss"].detach()) == pytest.approx(
        float(parts["I23D"].detach() + parts["T23D"].detach()), rel=1e-6
    )
