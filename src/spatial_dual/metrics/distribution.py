"""FID, KID and IS of two sets of pictures, through torchmetrics, from features taken once."""

import math
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from spatial_dual.metrics.undefined import UndefinedMetricError, check_finite, check_varied

LEAST_IMAGES = 50
"""Fewer pictures give no covariance worth the name: refused."""
KID_SUBSETS = 50
KID_SUBSET_SIZE = 100


class TooFewImagesError(UndefinedMetricError):
    """A set of pictures too small for the metric; the message says how many are needed."""


class _Given(nn.Module):
    """Hands torchmetrics features that are already there."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def fid(real: Tensor, fake: Tensor) -> float:
    """Fréchet distance of Gaussians fitted to features (n, dim) and (m, dim).

    ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½) (Heusel et al. 2017), in float64. 0 for equal sets, up to
    rounding; biased upwards by about tr Σ · dim / n, so sets of other sizes are not to be compared.

    Raises:
        TooFewImagesError: a set below ``LEAST_IMAGES``.
        UndefinedMetricError: features that are not finite, or all equal.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance

    _check({"real": real, "drawn": fake})
    metric = FrechetInceptionDistance(feature=_Given(real.shape[1]), normalize=True)
    metric.update(real.double(), real=True)
    metric.update(fake.double(), real=False)
    # rounding takes equal sets a little below 0, which no distance is
    return max(0.0, _finite(metric.compute()))


def kid(real: Tensor, fake: Tensor, seed: int) -> float:
    """Mean unbiased cubic-kernel MMD² of random subsets (Bińkowski et al. 2018); may be below 0.

    Raises:
        TooFewImagesError: a set below ``LEAST_IMAGES``.
        UndefinedMetricError: features that are not finite, or all equal.
    """
    from torchmetrics.image.kid import KernelInceptionDistance

    _check({"real": real, "drawn": fake})
    size = min(KID_SUBSET_SIZE, len(real), len(fake))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*will save all extracted features")
        metric = KernelInceptionDistance(
            feature=_Given(real.shape[1]), subsets=KID_SUBSETS, subset_size=size, normalize=True
        )
    metric.update(real.double(), real=True)
    metric.update(fake.double(), real=False)
    mean, _ = _seeded(metric, seed)
    return _finite(mean)


def inception_score(logits: Tensor, seed: int, splits: int = 1) -> float:
    """Inception score of class logits (n, classes), mean over splits (Salimans et al. 2016).

    exp E KL(p(y|x) ‖ p(y)), between 1 and the number of classes.

    Raises:
        TooFewImagesError: fewer than ``LEAST_IMAGES`` in a split.
        UndefinedMetricError: fewer than 2 classes, or logits that are not finite, or all equal.
    """
    from torchmetrics.image.inception import InceptionScore

    if logits.shape[1] < 2:
        raise UndefinedMetricError("the Inception score needs at least 2 classes")
    _check({"class logits": logits}, splits)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*will save all extracted features")
        metric = InceptionScore(feature=_Given(logits.shape[1]), splits=splits)
    metric.update(logits.double())
    mean, _ = _seeded(metric, seed)
    return min(max(_finite(mean), 1.0), float(logits.shape[1]))


def _check(sets: Mapping[str, Tensor], splits: int = 1) -> None:
    fewest = min(len(one) for one in sets.values()) // splits
    if fewest < LEAST_IMAGES:
        raise TooFewImagesError(f"{fewest} pictures, at least {LEAST_IMAGES} are needed")
    for name, values in sets.items():
        check_finite(values, f"features of pictures ({name})")
        check_varied(values, f"features of pictures ({name})")


def _finite(value: Tensor) -> float:
    if not math.isfinite(figure := float(value)):
        raise UndefinedMetricError(f"features are too large to compare: the result is {figure}")
    return figure


def _seeded(metric: Any, seed: int) -> Any:
    """Compute with torchmetrics' draws from torch's global generator made repeatable."""
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*std\\(\\): degrees of freedom")
        torch.manual_seed(seed)
        return metric.compute()
