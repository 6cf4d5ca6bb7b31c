"""A classifier of rendered scenes, kept for metrics: the feature extractor of FID-scenes.

Small on purpose: it is trained within ``evaluate`` on the training split, by a seed of its own, and
no generative model is fed with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spatial_dual.datasets.records import Records
from spatial_dual.models.image_tokenizer import from_uint8
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.vocabulary import Vocabulary

LEAST_PIXELS = 24
"""A smaller visible part of an object is nothing that a classifier is asked for (at 128²)."""


@dataclass(frozen=True)
class SceneClassifierConfig:
    """Shape of the network.

    Attributes:
        labels: object nouns, at least 2.
        tags: words that are present or not: labels, then colours, then materials.
        width: channels of the last layers, the length of a feature.
        unshuffle: side of the pixel blocks that become channels.

    Raises:
        ValueError: a value out of range.
    """

    labels: int
    tags: int
    width: int = 128
    unshuffle: int = 8

    def __post_init__(self) -> None:
        if self.labels < 2 or self.tags < self.labels or min(self.width, self.unshuffle) < 1:
            raise ValueError(f"needs 2 <= labels <= tags, width and unshuffle >= 1, got {self}")


class SceneClassifier(nn.Module):
    """Convolutions, a global mean, and two linear heads."""

    Config = SceneClassifierConfig

    def __init__(self, config: SceneClassifierConfig) -> None:
        super().__init__()
        self.config = config
        narrow, wide = config.width // 2, config.width
        self.trunk = nn.Sequential(
            nn.PixelUnshuffle(config.unshuffle),
            nn.Conv2d(3 * config.unshuffle**2, narrow, 1),
            nn.ReLU(),
            _normalised(narrow, wide, stride=1),
            _normalised(wide, wide, stride=2),
            _normalised(wide, wide, stride=1),
        )
        self.main_label = nn.Linear(wide, config.labels)
        self.present = nn.Linear(wide, config.tags)

    def features(self, images: Tensor) -> Tensor:
        """(n, width) of images (n, 3, H, W) in −1..1."""
        pooled: Tensor = self.trunk(images).mean(dim=(2, 3))
        return pooled

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the largest object's label (n, labels) and of present words (n, tags)."""
        features = self.features(images)
        return self.main_label(features), self.present(features)


def classifier_loss(
    model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Cross-entropy of the largest object's label plus binary cross-entropy of present words."""
    main, present = model(from_uint8(batch["images"]))
    known = batch["main"] >= 0
    # a mean over pictures in which nothing is seen would be no number
    summed = F.cross_entropy(main.float(), batch["main"], ignore_index=-1, reduction="sum")
    main_loss = summed / known.sum().clamp(min=1)
    present_loss = F.binary_cross_entropy_with_logits(present.float(), batch["present"])
    right = (main.argmax(dim=1) == batch["main"]) & known
    accuracy = right.sum() / known.sum().clamp(min=1)
    return {"loss": main_loss + 5 * present_loss, "accuracy": accuracy}


class LabelledScenes:
    """Batches ``images``, ``main`` (−1: nothing is seen) and ``present`` of rendered scenes."""

    def __init__(self, records: Records, vocabulary: Vocabulary) -> None:
        self.records = records
        self.labels = {word: k for k, word in enumerate(vocabulary.labels)}
        self.tags = {word: k for k, word in enumerate(tag_words(vocabulary))}

    def __len__(self) -> int:
        return len(self.records)

    def load(self, indices: np.ndarray, generator: torch.Generator) -> dict[str, Tensor]:
        """The records at ``indices``, half of them mirrored."""
        images = torch.from_numpy(self.records.array("image", indices)).permute(0, 3, 1, 2)
        mirrored = torch.rand(len(images), generator=generator) < 0.5
        images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
        areas = _visible_pixels(self.records.array("instances", indices))
        columns = (self.records.values(name, indices) for name in ("labels", "graph"))
        targets = [self.targets(*row) for row in zip(areas, *columns, strict=True)]
        main, present = zip(*targets, strict=True)
        return {
            "images": images,
            "main": torch.tensor(main),
            "present": torch.from_numpy(np.stack(present)),
        }

    def targets(
        self, areas: np.ndarray, labels: Sequence[str], graph: str
    ) -> tuple[int, np.ndarray]:
        """Id of the largest object's label, and present words as 0 or 1, (tags,).

        Instance k is object k − 1 of labels and gold graph; without a graph only labels are asked
        for.
        """
        attributes = [o.attributes for o in SceneGraph.from_json(graph).objects] if graph else []
        present = np.zeros(len(self.tags), np.float32)
        for k in (np.flatnonzero(areas >= LEAST_PIXELS) - 1).tolist():
            for word in (labels[k], *(attributes[k] if attributes else ())):
                if word in self.tags:
                    present[self.tags[word]] = 1
        if not areas.any():
            return -1, present
        return self.labels.get(labels[int(areas.argmax()) - 1], -1), present


def tag_words(vocabulary: Vocabulary) -> list[str]:
    """Words that the classifier tells apart: labels, colours, materials."""
    kinds = (vocabulary.attributes.get(kind, ()) for kind in ("colour", "material"))
    return [*vocabulary.labels, *(word for words in kinds for word in words)]


def _visible_pixels(instances: np.ndarray) -> np.ndarray:
    """Pixels of each instance, (n, ids), with 0 for the background, of maps (n, H, W)."""
    ids = int(instances.max()) + 1
    counts = np.stack([np.bincount(image.ravel(), minlength=ids) for image in instances])
    counts[:, 0] = 0
    return counts


def _normalised(inside: int, outside: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride=stride, padding=1),
        nn.GroupNorm(8 if outside % 8 == 0 else 1, outside),
        nn.ReLU(),
    )
