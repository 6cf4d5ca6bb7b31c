"""The perceiver of published checkpoints."""

from collections.abc import Sequence
from functools import cached_property
from typing import Self

import numpy as np
import torch

from spatial_dual.perception.hub.config import HubConfig
from spatial_dual.perception.hub.depth import DepthModel, load_depth_model
from spatial_dual.perception.hub.drawing import draw_instances
from spatial_dual.perception.hub.instances import InstanceModel, load_instance_model
from spatial_dual.perception.perceiver import Perception, check_images


class HubPerceiver:
    """A ``Perceiver`` of two published models: one for depth and one for instances.

    It keeps their names and loads them when the first image comes.

    Args:
        config: names of the checkpoints and thresholds.
        refused: names that are not loaded. A model's folder may be a stranger's, and a name of
            the hub makes requests with the user's own token.
    """

    def __init__(self, config: HubConfig, refused: Sequence[str] = ()) -> None:
        self.config = config
        self.refused = refused
        self.device = torch.device("cpu")

    def to(self, device: torch.device) -> Self:
        """Run on this device; before the first image."""
        self.device = device
        return self

    @cached_property
    def depth_model(self) -> DepthModel:
        """The depth model, loaded at first use."""
        config = self._allowed_config()
        return load_depth_model(config.depth, self.device, config.inverse_depth, config.batch_size)

    @cached_property
    def instance_model(self) -> InstanceModel:
        """The instance model, loaded at first use."""
        config = self._allowed_config()
        return load_instance_model(config.instances, self.device, config.labels, config.batch_size)

    def _allowed_config(self) -> HubConfig:
        if self.refused:
            raise ValueError(
                f"this model sees by published checkpoints, {' and '.join(self.refused)}, which "
                "its folder names; if you trust them, say so: --allow-hub, or "
                "SpatialDual.from_pretrained(…, allow_hub=True)"
            )
        return self.config

    def perceive(self, images: np.ndarray) -> Perception:
        """Perceive RGB images, uint8 ``(n, height, width, 3)``; attributes are left to the pixels.

        Raises:
            ValueError: wrong type or shape, or a checkpoint that cannot be used.
        """
        check_images(images)
        depth = self.depth_model.estimate(images)
        found = self.instance_model.find(images, self.config.threshold)
        instances = np.zeros(depth.shape, dtype=np.uint8)
        labels: list[list[str]] = []
        scores: list[list[float]] = []
        for k, things in enumerate(found):
            instances[k], names, sure = draw_instances(things, depth[k], self.config.max_instances)
            labels.append(names)
            scores.append(sure)
        attributes: list[list[tuple[str, ...]]] = [[()] * len(names) for names in labels]
        return Perception(depth, instances, labels, attributes, scores)
