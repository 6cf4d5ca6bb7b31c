"""Training and scoring of the autoregressive priors p̂(I) and p̂(Y) (paper Eq. 9)."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from transformers import GPT2LMHeadModel

from spatial_dual.devices import mixed_precision
from spatial_dual.models.prior import ImagePrior, TokenPrior
from spatial_dual.seeding import seeded_torch
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import fit
from spatial_dual.training.record_source import RecordSource

Parameters = dict[str, Any]
Prior = TypeVar("Prior", ImagePrior, TokenPrior)
SCORED_AT_ONCE = 64


def prior_loss(
    model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Mean −ln p̂ in nats a token or pixel."""
    return {"loss": model(batch["samples"]).mean()}


def train_prior(
    name: str,
    source: RecordSource,
    build: Callable[[], Prior],
    parameters: Parameters,
    train: Parameters,
    seed: int,
    progress: CheckpointStore,
) -> tuple[Prior, Parameters]:
    """Fit a prior to the ``samples`` of a source; gives model and log."""
    with seeded_torch(seed, name, "start"):
        model = build()
    config = FitConfig(**parameters["fit"], **train, seed=seed)
    return model, fit(name, model, prior_loss, source, config, progress).to_dict()


@torch.inference_mode()
def log_priors(
    images: Tensor, captions: Tensor, image: ImagePrior, text: TokenPrior
) -> dict[str, Any]:
    """Columns ``image`` (n,) and ``text`` (n, captions): ln p̂ in nats, float32.

    Args:
        images: what ``image`` reads, (n, …).
        captions: codes (n, captions, length).
        image: p̂(I).
        text: p̂(Y).
    """
    text_scores = _score(text, captions.flatten(0, 1)).unflatten(0, captions.shape[:2])
    return {"image": _score(image, images).numpy(), "text": text_scores.numpy()}


def _score(prior: ImagePrior | TokenPrior, samples: Tensor) -> Tensor:
    for module in prior.modules():
        if isinstance(module, GPT2LMHeadModel):
            # without gradients the fused kernel takes half the time of what trained it
            module.set_attn_implementation("sdpa")
    with mixed_precision(torch.device("cpu")):
        return torch.cat([prior.log_likelihood(part) for part in samples.split(SCORED_AT_ONCE)])
