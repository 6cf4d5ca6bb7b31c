"""The one interface of perception, whatever network stands behind it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Perception:
    """What is seen in ``n`` images; instance ``k`` of an image has index ``k - 1`` in its lists.

    Attributes:
        depth: float32 ``(n, height, width)``, metres along the camera's z axis; 0 is unknown.
        instances: uint8 ``(n, height, width)``, 0 is background.
        labels: per image, the label of each instance.
        attributes: per image and instance, its attribute words.
        scores: per image, the confidence of each instance in 0..1.
    """

    depth: np.ndarray
    instances: np.ndarray
    labels: list[list[str]]
    attributes: list[list[tuple[str, ...]]]
    scores: list[list[float]]

    def __len__(self) -> int:
        return len(self.instances)


class Perceiver(Protocol):
    """Anything that perceives images: our network, or checkpoints from a hub."""

    def perceive(self, images: np.ndarray) -> Perception:
        """Perceive RGB images, uint8 ``(n, height, width, 3)``; from the images alone.

        Raises:
            ValueError: wrong type or shape.
        """
        ...


def check_images(images: np.ndarray) -> None:
    """Refuse anything but a batch of RGB images.

    Raises:
        ValueError: not uint8 ``(n, height, width, 3)``; the message names what came instead.
    """
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"images must be uint8 (n, height, width, 3), got {images.dtype} {images.shape}; "
            "convert with PIL's Image.convert('RGB') and stack"
        )
