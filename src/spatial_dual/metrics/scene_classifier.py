"""A classifier of rendered scenes, kept for metrics: the feature extractor of FID-scenes.

Small on purpose: it is trained within ``evaluate`` on the training split, by a seed of its own, and
no generative model is fed with it.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spatial_dual.metrics.scene_labels import UNKNOWN
from spatial_dual.metrics.undefined import UndefinedMetricError, check_finite
from spatial_dual.models.image_tokenizer import from_uint8

PRESENT_WEIGHT, CELLS_WEIGHT = 5.0, 2.0
BATCH = 50
ROUNDING = 1e-12
"""Variance of float32 features beside their mean square that is rounding alone."""


@dataclass(frozen=True)
class SceneClassifierConfig:
    """Shape of the network.

    Attributes:
        labels: object nouns, at least 2.
        tags: words that are present or not: labels, then colours, then materials.
        width: channels of the last layers.
        dim: whitened directions, the length of a feature; at most ``width``.
        unshuffle: side of the pixel blocks that become channels.

    Raises:
        ValueError: a value out of range.
    """

    labels: int
    tags: int
    width: int = 128
    dim: int = 24
    unshuffle: int = 4

    def __post_init__(self) -> None:
        if self.labels < 2 or self.tags < self.labels or min(self.width, self.unshuffle) < 1:
            raise ValueError(f"needs 2 <= labels <= tags, width and unshuffle >= 1, got {self}")
        if not 1 <= self.dim <= self.width:
            raise ValueError(f"dim must be in 1..width = {self.width}, got {self.dim}")

    @property
    def cell(self) -> int:
        """Side in pixels of what one place of the last layer stands for."""
        return 4 * self.unshuffle


class SceneClassifier(nn.Module):
    """Convolutions; a linear head at each place, and two over the mean of all places.

    Raw means of the last layer lie almost in three directions, which drown what a Fréchet distance
    should see. ``calibrate`` therefore takes the leading principal directions of training images
    and scales each to variance 1.
    """

    Config = SceneClassifierConfig

    def __init__(self, config: SceneClassifierConfig) -> None:
        super().__init__()
        self.config = config
        wide, middle, narrow = config.width, 3 * config.width // 4, config.width // 2
        self.trunk = nn.Sequential(
            nn.PixelUnshuffle(config.unshuffle),
            nn.Conv2d(3 * config.unshuffle**2, narrow, 1),
            nn.ReLU(),
            _normalised(narrow, middle, stride=2),
            _normalised(middle, middle, stride=1),
            _normalised(middle, wide, stride=2),
            _normalised(wide, wide, stride=1),
        )
        self.cells = nn.Conv2d(wide, 1 + config.labels, 1)
        self.main_label = nn.Linear(wide, config.labels)
        self.present = nn.Linear(wide, config.tags)
        self.register_buffer("centre", torch.zeros(wide))
        self.register_buffer("whitening", torch.eye(wide, config.dim))

    def pooled(self, images: Tensor) -> Tensor:
        """Means of the last layer (n, width) of images (n, 3, H, W) in −1..1."""
        means: Tensor = self.trunk(images).mean(dim=(2, 3))
        return means

    def features(self, pooled: Tensor) -> Tensor:
        """(pooled − centre) · whitening, (n, dim)."""
        whitened: Tensor = (pooled - self.centre) @ self.whitening
        return whitened

    @torch.inference_mode()
    def calibrate(self, images: Tensor) -> None:
        """Fix centre and whitening by uint8 training images (n, 3, H, W), n > 1.

        Images that all look alike leave no direction: features are 0 then, and no distance is
        taken from them.

        Raises:
            UndefinedMetricError: fewer than 2 images, or features that are not finite.
        """
        if len(images) < 2:
            raise UndefinedMetricError("the scene classifier needs at least 2 training images")
        pooled = torch.cat([self.pooled(from_uint8(batch)) for batch in images.split(BATCH)])
        check_finite(pooled, "features of the scene classifier")
        variances, directions = torch.linalg.eigh(torch.cov(pooled.T.double()))
        # ascending order; a direction without variance gets no weight of its own
        scales = variances[-self.config.dim :].clamp_min(1e-8 * variances[-1]).rsqrt()
        if variances[-1] <= ROUNDING * pooled.double().square().mean():
            scales = torch.zeros_like(scales)
        self.centre = pooled.mean(dim=0).clone()
        self.whitening = (directions[:, -self.config.dim :] * scales).float()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of the largest object's label, of present words, and of what lies in each cell.

        Shapes (n, labels), (n, tags), and (n, 1 + labels, H / cell, W / cell) with nothing first.
        """
        places = self.trunk(images)
        pooled = places.mean(dim=(2, 3))
        return self.main_label(pooled), self.present(pooled), self.cells(places)


def classifier_loss(
    model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Cross-entropy of the largest object's label and of the cells, binary of present words."""
    main, present, cells = model(from_uint8(batch["images"]))
    known = batch["main"] != UNKNOWN
    present_loss = F.binary_cross_entropy_with_logits(present.float(), batch["present"])
    loss = (
        _cross_entropy(main, batch["main"])
        + PRESENT_WEIGHT * present_loss
        + CELLS_WEIGHT * _cross_entropy(cells, batch["cells"])
    )
    right = (main.argmax(dim=1) == batch["main"]) & known
    return {"loss": loss, "accuracy": right.sum() / known.sum().clamp(min=1)}


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean over known targets; 0, not NaN, where nothing is known."""
    summed = F.cross_entropy(logits.float(), target, ignore_index=UNKNOWN, reduction="sum")
    return summed / (target != UNKNOWN).sum().clamp(min=1)


def _normalised(inside: int, outside: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride=stride, padding=1),
        nn.GroupNorm(8 if outside % 8 == 0 else 1, outside),
        nn.ReLU(),
    )
