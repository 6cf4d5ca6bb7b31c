"""Training and scoring of the autoregressive priors p̂(I) and p̂(Y) (paper Eq. 9)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spatial_dual.devices import mixed_precision
from spatial_dual.models.prior import TokenPrior, TokenPriorConfig
from spatial_dual.seeding import seeded_torch
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import fit
from spatial_dual.training.record_source import RecordSource, to_tensor

Parameters = dict[str, Any]
SCORED_AT_ONCE = 64


def prior_loss(
    model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Mean −ln p̂ in nats a token."""
    return {"loss": model(batch["tokens"]).mean()}


def train_prior(
    name: str,
    source: RecordSource,
    codes: int,
    parameters: Parameters,
    train: Parameters,
    seed: int,
    progress: CheckpointStore,
) -> tuple[TokenPrior, Parameters]:
    """Fit a prior to the ``tokens`` (batch, length) of a source; gives model and log."""
    first = source.load(np.array([0]), torch.Generator())["tokens"]
    with seeded_torch(seed, name, "start"):
        model = TokenPrior(TokenPriorConfig(codes, first.shape[1], **parameters["model"]))
    config = FitConfig(**parameters["fit"], **train, seed=seed)
    return model, fit(name, model, prior_loss, source, config, progress).to_dict()


@torch.inference_mode()
def log_priors(chunk: Mapping[str, Any], image: TokenPrior, text: TokenPrior) -> dict[str, Any]:
    """Columns ``image`` (n,) and ``text`` (n, captions): ln p̂ in nats, float32."""
    captions = to_tensor(np.asarray(chunk["text_codes"]))  # (n, captions, length)
    text_scores = _score(text, captions.flatten(0, 1)).unflatten(0, captions.shape[:2])
    image_scores = _score(image, to_tensor(np.asarray(chunk["image_codes"])))
    return {"id": chunk["id"], "image": image_scores.numpy(), "text": text_scores.numpy()}


def _score(prior: TokenPrior, tokens: Tensor) -> Tensor:
    with mixed_precision(torch.device("cpu")):
        return torch.cat([prior.log_likelihood(part) for part in tokens.split(SCORED_AT_ONCE)])
