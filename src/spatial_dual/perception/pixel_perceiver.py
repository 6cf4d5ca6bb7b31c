"""Our own perceiver: the pixel network, then grouping."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spatial_dual.devices import mixed_precision
from spatial_dual.perception.grouping import group_instances, smooth_within
from spatial_dual.perception.network import OUTPUT_STRIDE, PerceiverConfig, PerceptionNetwork
from spatial_dual.perception.perceiver import Perception, check_images

BATCH = 8
MIN_DEPTH, MAX_DEPTH = 0.05, 200.0


class PixelPerceiver(nn.Module):
    """A ``Perceiver`` trained by this project; the artifact that the catalog keeps."""

    Config = PerceiverConfig

    def __init__(self, config: PerceiverConfig) -> None:
        super().__init__()
        self.config = config
        self.network = PerceptionNetwork(config)

    def hidden_weights(self) -> list[nn.Parameter]:
        """As ``PerceptionNetwork.hidden_weights``."""
        return self.network.hidden_weights()

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Maps of the network for images ``(batch, 3, height, width)`` in 0..1."""
        maps: dict[str, Tensor] = self.network(images)
        return maps

    @torch.inference_mode()
    def perceive(self, images: np.ndarray) -> Perception:
        """Perceive RGB images, uint8 ``(n, height, width, 3)``.

        Raises:
            ValueError: wrong type or shape, or sides that are no multiple of the network's stride.
        """
        check_images(images)
        stride = self.config.stride
        if images.shape[1] % stride or images.shape[2] % stride:
            raise ValueError(
                f"image sides must be multiples of {stride}, got {images.shape[1:3]}; resize first"
            )
        device = next(self.parameters()).device
        # a caller's autocast is for networks; grouping and smoothing need float32
        with torch.autocast(device.type, enabled=False):
            parts = [
                self._perceive(images[i : i + BATCH], device) for i in range(0, len(images), BATCH)
            ]
        return _join(parts, images.shape)

    def _seen_from_both_sides(self, images: Tensor) -> dict[str, Tensor]:
        """Maps of the images, those that a mirror turns into each other averaged with its own.

        Attribute kinds are not: in a mirror "facing left" is another word.
        """
        maps, mirrored = self(images), self(images.flip(3))
        for head in ("class", "log_depth", "centre", "offset"):
            back = mirrored[head].flip(3)
            if head == "offset":
                back = torch.cat([-back[:, :1], back[:, 1:]], dim=1)
            maps[head] = (maps[head] + back) / 2
        return maps

    def _perceive(self, images: np.ndarray, device: torch.device) -> Perception:
        with mixed_precision(device):
            maps = self._seen_from_both_sides(to_unit_range(torch.from_numpy(images).to(device)))
        config = self.config
        found = group_instances(
            maps, config.centre_threshold, config.min_pixels, config.max_instances
        )
        depth = smooth_within(maps["log_depth"][:, 0], found.ids).exp().clamp(MIN_DEPTH, MAX_DEPTH)
        ids = F.interpolate(found.ids[:, None].float(), scale_factor=OUTPUT_STRIDE)
        kinds = list(config.attributes)
        vocabularies = [config.attributes[kind] for kind in kinds]
        words = [found.words[kind].tolist() for kind in kinds]
        labels: list[list[str]] = []
        scores: list[list[float]] = []
        attributes: list[list[tuple[str, ...]]] = []
        for image, count in enumerate(found.count.tolist()):
            labels.append([config.labels[i] for i in found.words["class"][image, :count].tolist()])
            scores.append(found.scores[image, :count].tolist())
            indices = zip(*(kind[image][:count] for kind in words), strict=True)
            described = [
                tuple(v[i] for v, i in zip(vocabularies, row, strict=True)) for row in indices
            ]
            attributes.append(described if kinds else [()] * count)
        return Perception(
            depth=F.interpolate(depth[:, None], scale_factor=OUTPUT_STRIDE)[:, 0].cpu().numpy(),
            instances=ids[:, 0].to(torch.uint8).cpu().numpy(),
            labels=labels,
            attributes=attributes,
            scores=scores,
        )


def to_unit_range(images: Tensor) -> Tensor:
    """uint8 ``(batch, height, width, 3)`` -> float32 ``(batch, 3, height, width)`` in 0..1."""
    return images.permute(0, 3, 1, 2).float() / 255


def _join(parts: list[Perception], shape: tuple[int, ...]) -> Perception:
    none = np.zeros((0, *shape[1:3]), np.float32)
    return Perception(
        depth=np.concatenate([none, *(p.depth for p in parts)]),
        instances=np.concatenate([none.astype(np.uint8), *(p.instances for p in parts)]),
        labels=[row for p in parts for row in p.labels],
        attributes=[row for p in parts for row in p.attributes],
        scores=[row for p in parts for row in p.scores],
    )
