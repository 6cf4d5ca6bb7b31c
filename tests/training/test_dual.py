"""Step 4: duality gap (9), alignment with the informed teacher (2), (3), and what is trained."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spatial_dual.diffusion import DiscreteKernel, KernelConfig, build_kernel
from spatial_dual.diffusion.interface import KERNELS
from spatial_dual.diffusion.loss import DiffusionLoss
from spatial_dual.models.dual import DualModel, DualModelConfig
from spatial_dual.models.graph_diffuser import GraphDiffuserConfig
from spatial_dual.models.token_diffuser import TokenDiffuserConfig
from spatial_dual.training.objectives.dual import (
    DualLoss,
    DualWeights,
    alignment_kl,
    duality_gap,
    pool_grid,
)
from tests.diffusion.conftest import DenseChain
from tests.models.graphs import SHAPE, random_tags

CODES = 7


def bound(vlb: list[float], tokens: int) -> DiffusionLoss:
    values = torch.tensor(vlb)
    count = torch.full((len(vlb),), tokens)
    return DiffusionLoss(values.sum(), values.sum(), values, values, count)


def test_duality_gap_by_hand() -> None:
    """(9): |ln p̂(I) − VLB(Y|I) − ln p̂(Y) + VLB(I|Y)| / (tokens of both), mean over the batch."""
    batch = {"log_prior_image": torch.full((3,), -10.0), "log_prior_text": torch.full((3,), -4.0)}
    image, text = bound([8.0, 6.0, 1.0], 4), bound([2.0, 3.0, 9.0], 2)
    gap = duality_gap(batch, image, text, torch.tensor([True, True, False]))
    # first: −10 − 2 = −4 − 8, the identity holds; second: −10 − 3 against −4 − 6; third: no p(I|Y)
    assert float(gap) == pytest.approx((0 + 3 / 6 + 0) / 3)


def test_alignment_kl_is_the_divergence_of_the_step_posteriors() -> None:
    """Against Σ p ln(p / q) over the states of x_{t-1}, posteriors from the kernel itself."""
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, 10))
    generator = torch.Generator().manual_seed(0)
    student, teacher = torch.randn(2, 3, CODES), torch.randn(2, 3, CODES)
    z_t = kernel.sample_forward(torch.randint(0, CODES, (2, 3)), torch.tensor([4, 9]), generator)
    t = torch.tensor([4, 9])
    p = kernel.posterior_probabilities(z_t, student.softmax(-1), t, t - 1)
    q = kernel.posterior_probabilities(z_t, teacher.softmax(-1), t, t - 1)
    nats = 10 * (p * (p / q.clamp_min(1e-12)).clamp_min(1e-12).log()).sum(-1)
    every, some = torch.ones(2, 3), torch.tensor([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0]])
    for share in (every, some):  # nodes that are not there count less
        expected = float((share * nats).sum() / share.sum())
        found = alignment_kl(kernel, student, teacher, z_t, t, share)
        assert float(found) == pytest.approx(expected, rel=1e-3)
    assert float(alignment_kl(kernel, student, student, z_t, t, every)) == pytest.approx(
        0, abs=1e-5
    )


def make_model(state_dim: int | None) -> DualModel:
    torch.manual_seed(0)
    common = {"codes": CODES, "condition_dim": 5, "dim": 16, "depth": 1, "heads": 2}
    common["state_dim"] = state_dim
    widths = {"image": 5, "text": 5, "image_hidden": 16, "text_hidden": 16}
    graph = GraphDiffuserConfig(SHAPE, CODES, widths, 16, 1, 2, state_dim)
    return DualModel(
        DualModelConfig(
            TokenDiffuserConfig(SHAPE, tokens=16, is_grid=True, **common),
            TokenDiffuserConfig(SHAPE, tokens=6, is_grid=False, **common),
            graph,
        )
    )


def make_batch() -> dict[str, Tensor]:
    torch.manual_seed(1)
    batch = {f"gold_{name}": values for name, values in random_tags(3).items()}
    for kind in ("image", "text"):
        batch[f"{kind}_gold_codes"] = torch.randint(0, CODES, (3, SHAPE.nodes))
        batch[f"{kind}_initial_codes"] = torch.randint(0, CODES, (3, SHAPE.nodes))
        batch[f"{kind}_stated"] = torch.rand(3, SHAPE.nodes) < 0.3
        batch[f"{kind}_present"] = torch.rand(3, SHAPE.nodes) < 0.6
        batch[f"clip_{kind}"] = torch.randn(3, 5)
        batch[f"log_prior_{kind}"] = -torch.rand(3) * 10
    batch["image_codes"] = torch.randint(0, CODES, (3, 16))
    batch["text_codes"] = torch.randint(0, CODES, (3, 2, 6))  # two captions a record
    batch["caption"] = torch.tensor([0, 1, 1])
    return batch


def run(
    weights: DualWeights, kind: str = "mask_and_replace"
) -> tuple[DualModel, dict[str, Tensor]]:
    kernel = build_kernel(KernelConfig(kind, CODES, 10))
    model = make_model(kernel.state_dim)
    loss = DualLoss(kernel, kernel, kernel, weights)
    parts = loss(model, make_batch(), torch.Generator().manual_seed(0))
    parts["loss"].backward()
    return model, parts


@pytest.mark.parametrize(
    ("kind", "task", "easy"), [("text", "T23D", "text"), ("image", "I23D", "image")]
)
def test_mutual_alignment_by_dense_matrices(kind: str, task: str, easy: str) -> None:
    """(2) and (3): Σ_s p_ψ(s | z^G_t, c) ln of its ratio to p_ψ(s | z^G_t, z_t), T-fold, by Bayes.

    p(s | z_t) = Σ_k p(x_0 = k | z_t) q(s | z_t, k), with q from the products of K × K matrices.
    """
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, 10))
    assert isinstance(kernel, DiscreteKernel)
    chain = DenseChain.of(kernel)
    model = make_model(None)
    calls: list[tuple[Any, Tensor]] = []
    hidden: list[Tensor] = []
    model.graph.register_forward_hook(lambda m, given, out: calls.append((given, out.detach())))
    getattr(model, easy).trunk.register_forward_hook(lambda m, given, out: hidden.append(out))
    loss = DualLoss(kernel, kernel, kernel, DualWeights())
    batch = make_batch()
    parts = loss(model, batch, torch.Generator().manual_seed(0))
    ((z_t, times, *conditions), logits), *others = calls
    assert not others  # students and teachers of both kinds share one pass
    kinds = [condition.kind for condition in conditions]
    assert sorted(kinds) == ["image", "image_hidden", "text", "text_hidden"]
    at = {name: slice(3 * n, 3 * n + 3) for n, name in enumerate(kinds)}
    student, teacher = (conditions[kinds.index(name)] for name in (kind, f"{kind}_hidden"))
    assert torch.equal(student.context[:, 0], batch[f"clip_{kind}"])
    # of two captions a record, the drawn one's hidden states
    expected_context = pool_grid(hidden[0]) if easy == "image" else hidden[0][[0, 3, 5]]
    assert torch.equal(teacher.context, expected_context.detach())
    assert torch.equal(z_t[at[kind]], z_t[at[f"{kind}_hidden"]])
    assert torch.equal(times[at[kind]], times[at[f"{kind}_hidden"]])
    z_t, times, total = z_t[at[kind]], times[at[kind]], 0.0
    share = torch.where(batch[f"{kind}_present"], 1.0, loss.loss.absent)
    p_0, q_0 = (logits[at[n]].double().softmax(-1).numpy() for n in (kind, f"{kind}_hidden"))
    for row, t in enumerate(times.tolist()):
        posterior = np.nan_to_num(chain.posterior(t - 1, t))  # [x_0, x_t, x_s]
        for node, state in enumerate(z_t[row].tolist()):
            p = p_0[row, node] @ posterior[:, state]
            q = q_0[row, node] @ posterior[:, state]
            possible = p > 0
            nats = float((p[possible] * np.log(p[possible] / q[possible])).sum())
            total += float(share[row, node]) * nats
    assert float(parts[f"X-{task}"]) == pytest.approx(10 * total / float(share.sum()), rel=1e-3)


def test_total_is_the_weighted_sum_of_the_parts() -> None:
    weights = DualWeights(duality=0.3, graph=0.7, intermediate=0.2, teacher=0.6)
    _, p = run(weights)
    expected = p["ST2I"] + p["SI2T"] + 0.3 * p["duality"] + 0.7 * (p["T23D"] + p["I23D"])
    expected += 0.2 * (p["X-T23D"] + p["X-I23D"]) + 0.6 * (p["teacher-T23D"] + p["teacher-I23D"])
    assert float(p["loss"]) == pytest.approx(float(expected), rel=1e-5)


def test_graphs_of_the_first_records_alone_are_diffused() -> None:
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, 10))
    model, rows = make_model(None), list[int]()
    model.graph.register_forward_hook(lambda m, given, out: rows.append(len(out)))
    few, whole = (
        DualLoss(kernel, kernel, kernel, DualWeights(), graph_records=records)(
            model, make_batch(), torch.Generator().manual_seed(0)
        )
        for records in (2, None)
    )
    assert rows == [2 * 2 * 2, 3 * 2 * 2]  # records · kinds · (student, teacher)
    assert few.keys() == whole.keys()
    assert few["ST2I"] == whole["ST2I"]
    assert few["duality"] == whole["duality"]


@pytest.mark.parametrize("kind", KERNELS)
def test_every_parameter_of_the_three_diffusers_learns(kind: str) -> None:
    model, parts = run(DualWeights(), kind)
    assert all(part.isfinite() for part in parts.values())
    # the last block's bias-free parts always get gradients; masks may silence single tokens
    silent = [n for n, p in model.named_parameters() if p.grad is None]
    assert silent == []


def test_intermediate_features_are_detached() -> None:
    """The hard half learns from the easy one, never the other way round."""

    def image_gradient(weights: DualWeights) -> Tensor:
        model, _ = run(weights)
        return torch.cat([p.grad.flatten() for p in model.image.parameters()])

    with_features = image_gradient(DualWeights(duality=0.0, intermediate=1.0))
    without = image_gradient(DualWeights(duality=0.0, intermediate=0.0))
    assert torch.allclose(with_features, without, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "absent"),
    [
        ({"duality": 0.0}, {"duality"}),
        ({"intermediate": 0.0}, {"X-T23D", "X-I23D", "teacher-T23D", "teacher-I23D"}),
        ({"graph": 0.0}, {"T23D", "I23D", "X-T23D"}),
    ],
)
def test_parts_switch_off_one_by_one(change: dict[str, float], absent: set[str]) -> None:
    _, parts = run(replace(DualWeights(), **change))
    assert not absent & parts.keys()
    assert {"ST2I", "SI2T"} <= parts.keys()


def test_pooling_averages_squares_of_the_grid() -> None:
    hidden = torch.arange(16.0).view(1, 16, 1)
    pooled = pool_grid(hidden, side=2)[0, :, 0]
    assert pooled.tolist() == [2.5, 4.5, 10.5, 12.5]


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"-0\.1"):
        DualWeights(duality=-0.1)
