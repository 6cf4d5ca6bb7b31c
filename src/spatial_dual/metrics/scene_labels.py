"""What the metrics' classifier is asked of rendered scenes: words, and what lies in each cell."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spatial_dual.datasets.records import Records
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.vocabulary import Vocabulary

LEAST_PIXELS = 24
"""A smaller visible part of an object is nothing that a classifier is asked for (at 128²)."""
UNKNOWN = -1
"""Target that no loss counts."""


class LabelledScenes:
    """Batches ``images``, ``main``, ``present`` and ``cells`` of rendered scenes.

    ``main`` is the id of the largest object's label (``UNKNOWN``: nothing is seen), ``present`` is
    0 or 1 for each of ``tag_words``, ``cells`` (n, H / cell, W / cell) is 0 for background and
    1 + the label's id where an object covers a cell's centre.
    """

    def __init__(self, records: Records, vocabulary: Vocabulary, cell: int) -> None:
        self.records = records
        self.cell = cell
        self.labels = {word: k for k, word in enumerate(vocabulary.labels)}
        self.tags = {word: k for k, word in enumerate(tag_words(vocabulary))}

    def __len__(self) -> int:
        return len(self.records)

    def load(self, indices: np.ndarray, generator: torch.Generator) -> dict[str, Tensor]:
        """The records at ``indices``, half of them mirrored."""
        images = torch.from_numpy(self.records.array("image", indices)).permute(0, 3, 1, 2)
        mirrored = torch.rand(len(images), generator=generator) < 0.5
        images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
        instances = self.records.array("instances", indices)
        labels, graphs = (self.records.values(name, indices) for name in ("labels", "graph"))
        words = zip(_visible_pixels(instances), labels, graphs, strict=True)
        main, present = zip(*(self.targets(*row) for row in words), strict=True)
        cells = torch.from_numpy(
            np.stack([self.cells(*row) for row in zip(instances, labels, mirrored, strict=True)])
        )
        return {
            "images": images,
            "main": torch.tensor(main),
            "present": torch.from_numpy(np.stack(present)),
            "cells": cells,
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
            return UNKNOWN, present
        return self.labels.get(labels[int(areas.argmax()) - 1], UNKNOWN), present

    def cells(self, instances: np.ndarray, labels: Sequence[str], mirrored: bool) -> np.ndarray:
        """Class of each cell's centre in the map (H, W), mirrored like the picture."""
        classes = np.array([0, *(self.labels.get(word, UNKNOWN - 1) + 1 for word in labels)])
        shown = instances[:, ::-1] if mirrored else instances
        middle = self.cell // 2
        found: np.ndarray = classes[shown[middle :: self.cell, middle :: self.cell]]
        return found


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
