"""The judge of pictures: what scene graph does an independent perceiver see in them?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from spatial_dual.models.image_tokenizer import ImageTokenizer, to_uint8
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.perceiver import Perceiver
from spatial_dual.perception.record_graphs import View
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.scene.graph import SceneGraph


def reconstruct(image_tokenizer: ImageTokenizer, codes: np.ndarray) -> np.ndarray:
    """Images (n, H, W, 3) uint8 of codes (n, tokens): the best a drawing of these can be."""
    with torch.inference_mode():
        images = image_tokenizer.decode(torch.from_numpy(codes.astype(np.int64)))
    pixels: np.ndarray = to_uint8(images).permute(0, 2, 3, 1).numpy()
    return pixels


class Judge:
    """Sees pictures as the stage ``scene_graphs`` sees those of the data set.

    Args:
        perceiver: sees depth and instances; none that a model is made of.
        prior: sizes that complete the unseen sides of things.
        fov_deg: vertical field of view that all pictures are taken to have.
    """

    def __init__(self, perceiver: Perceiver, prior: SizePrior, fov_deg: float) -> None:
        self._perceiver, self._prior, self._camera = perceiver, prior, Camera(fov_deg)

    def depth_graphs(self, images: np.ndarray) -> list[SceneGraph]:
        """Objects of images (n, H, W, 3) uint8 with the relations that perceived depth supports."""
        return [view.depth_graph(self._prior) for view in self._views(images)]

    def _views(self, images: np.ndarray) -> Sequence[View]:
        if not len(images):
            return []
        seen = self._perceiver.perceive(images)
        rows: list[Mapping[str, Any]] = [
            {
                "depth": seen.depth[k],
                "instances": seen.instances[k],
                "labels": seen.labels[k],
                "attributes": seen.attributes[k],
                "scores": seen.scores[k],
            }
            for k in range(len(images))
        ]
        return [
            View.of_perception({"image": image}, row, self._camera)
            for image, row in zip(images, rows, strict=True)
        ]
