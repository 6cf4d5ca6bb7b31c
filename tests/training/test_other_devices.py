"""Losses and chains on another device than the CPU: nothing they draw or look up stays behind.

The meta device computes shapes alone, but refuses to mix devices, and goes the ways that GPUs go.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spatial_dual.diffusion import (
    Clamp,
    HaltonOrder,
    KernelConfig,
    LossWeights,
    Order,
    PurityOrder,
    build_kernel,
    diffusion_loss,
    sample,
    uniform_timesteps,
)
from spatial_dual.models.decoders import VisualDecoder, VisualDecoderConfig
from spatial_dual.models.dgae import Dgae, DgaeConfig
from spatial_dual.models.patches import PatchConfig
from spatial_dual.training.objectives.alignment import VisualDecoderLoss
from spatial_dual.training.objectives.dgae import dgae_loss
from spatial_dual.training.objectives.dual import DualLoss, DualWeights
from spatial_dual.training.objectives.graph_diffusion import GraphDiffusionLoss
from tests.models.graphs import SHAPE
from tests.training.test_dual import CODES, make_batch, make_model

DISCRETE = ("uniform", "absorbing", "mask_and_replace")
PATCHES = PatchConfig(4, 8, 1, 0, 1)
MASKING = build_kernel(KernelConfig("mask_and_replace", CODES, 10))


def dual_loss(kind: str) -> DualLoss:
    kernel = build_kernel(KernelConfig(kind, CODES, 10))
    return DualLoss(kernel, kernel, kernel, DualWeights())


TRAININGS: dict[str, Callable[[], tuple[nn.Module, Any]]] = {
    **{kind: lambda kind=kind: (make_model(None), dual_loss(kind)) for kind in DISCRETE},
    "graph": lambda: (make_model(None).graph, GraphDiffusionLoss(MASKING, LossWeights())),
    "dgae": lambda: (Dgae(DgaeConfig(SHAPE, 16, (5, 3), 1, 2)), dgae_loss),
    "visual_decoder": lambda: (
        VisualDecoder(VisualDecoderConfig(SHAPE, PATCHES)),
        VisualDecoderLoss(torch.zeros(CODES, 4)),
    ),
}


@pytest.mark.parametrize("training", TRAININGS)
def test_losses_and_gradients_are_where_the_batch_is(training: str) -> None:
    model, loss = TRAININGS[training]()
    images = torch.zeros(3, 3, 8, 8, dtype=torch.uint8)
    batch = {name: values.to("meta") for name, values in {**make_batch(), "images": images}.items()}
    parts = loss(model.to("meta"), batch, torch.Generator())
    parts["loss"].backward()
    found = [*parts.values(), *(p.grad for p in model.parameters() if p.grad is not None)]
    assert {tensor.device.type for tensor in found} == {"meta"}


@pytest.mark.parametrize("kind", DISCRETE)
@pytest.mark.parametrize("order", [None, PurityOrder(), HaltonOrder(4)])
def test_chains_run_where_they_are_told_to(kind: str, order: Order | None) -> None:
    kernel = build_kernel(KernelConfig(kind, CODES, 10))
    tokens = torch.zeros(2, 4, dtype=torch.long, device="meta")

    def denoise(z_t: Tensor, t: Tensor) -> Tensor:
        return torch.zeros(*z_t.shape, CODES, device=t.device)

    drawn = sample(
        kernel,
        denoise,
        (2, 4),
        3,
        torch.Generator(),
        clamp=Clamp(tokens, tokens > 0),
        guidance=2.0,
        unconditional=denoise,
        top_p=0.8,
        order=order if kernel.mask_index is not None else None,
        return_trajectory=True,
        device="meta",
    )
    times = uniform_timesteps(2, 10, torch.Generator()).to("meta")
    z_t = kernel.sample_forward(tokens, times.t, torch.Generator(), tokens == 0)
    loss = diffusion_loss(kernel, denoise(z_t, times.t), z_t, tokens, times, tokens == 0)
    assert {drawn.tokens.device.type, loss.total.device.type} == {"meta"}
