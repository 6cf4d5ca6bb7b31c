"""Step 3: initial graphs evolve into 3DSGs (L_I23D + L_T23D)."""

from typing import cast

import torch
from torch import Tensor, nn

from spatial_dual.diffusion import Kernel, LossWeights, diffusion_loss, uniform_timesteps
from spatial_dual.models.clip import ClipEncoder
from spatial_dual.models.conditions import condition_tokens
from spatial_dual.models.graph_diffuser import GraphCondition, GraphDiffuser
from spatial_dual.training.conditions import with_text_tokens


class GraphDiffusionLoss:
    """L_I23D + L_T23D under c_I and c_Y.

    Args:
        kernel: of the codes.
        weights: of the bound, the cross-entropy, and nodes that say nothing.
        clip: reads the captions where c_Y is a sequence of tokens.
    """

    def __init__(
        self, kernel: Kernel, weights: LossWeights, clip: ClipEncoder | None = None
    ) -> None:
        self.kernel, self.weights, self.clip = kernel, weights, clip

    def __call__(
        self, model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Losses of a batch that holds an image view and a text view of each record."""
        diffuser = cast(GraphDiffuser, model)
        batch = with_text_tokens(batch, self.clip)
        parts = {}
        for kind, task in (("image", "I23D"), ("text", "T23D")):
            codes = batch[f"{kind}_gold_codes"]
            times = uniform_timesteps(len(codes), self.kernel.steps, generator).to(codes.device)
            z_t = self.kernel.sample_forward(codes, times.t, generator)
            logits = diffuser(z_t, times.t, graph_condition(batch, kind))
            loss = diffusion_loss(
                self.kernel,
                logits,
                z_t,
                codes,
                times,
                weights=self.weights,
                present=batch[f"{kind}_present"].bool(),
            )
            parts[task] = loss.total
        return {"loss": parts["I23D"] + parts["T23D"], **parts}


def graph_condition(batch: dict[str, Tensor], kind: str) -> GraphCondition:
    """Initial graph and feature of the "image" or "text" half of a batch."""
    context, valid = condition_tokens(batch[f"clip_{kind}"])
    return GraphCondition(
        initial=batch[f"{kind}_initial_codes"],
        stated=batch[f"{kind}_stated"].bool(),
        kind=kind,
        context=context,
        context_valid=valid,
    )
