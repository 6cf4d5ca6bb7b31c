"""Training examples of the judge: pictures as drawings are, blurred and through tokens."""

import torch
from torch import Tensor
from torch.nn import functional as F

from spatial_dual.datasets.records import Records
from spatial_dual.models.image_tokenizer import ImageTokenizer
from spatial_dual.perception.batches import PerceptionBatches, random_gain
from spatial_dual.perception.network import PerceiverConfig

MOST_BLUR = 1.0
"""Largest standard deviation of the blur, pixels at 128²."""
GAIN, CHANNEL_GAIN = 0.12, 0.06


class JudgeBatches(PerceptionBatches):
    """As those of the perceiver, under an augmentation of the judge's own.

    A share of the images is what the image tokenizer makes of them (image → tokens → decoded), so
    that the judge knows how decoded pictures look. All are blurred by a Gaussian of random width,
    and change in brightness and colour more than the perceiver's.

    Args:
        records: training scenes.
        config: of the judge's network.
        image_tokenizer: the frozen tokenizer, which all variants share.
        token_share: share of images that go through tokens.
    """

    def __init__(
        self,
        records: Records,
        config: PerceiverConfig,
        image_tokenizer: ImageTokenizer,
        token_share: float,
    ) -> None:
        super().__init__(records, config)
        self.image_tokenizer, self.token_share = image_tokenizer, token_share

    def disturb(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Images (batch, 3, height, width) in 0..1 as the judge is shown them."""
        count = len(images)
        decoded = torch.rand(count, generator=generator) < self.token_share
        widths = MOST_BLUR * images.shape[-1] / 128 * torch.rand(count, generator=generator)
        gain = random_gain(count, GAIN, CHANNEL_GAIN, generator)
        images[decoded] = through_tokens(self.image_tokenizer, images[decoded])
        return (gaussian_blur(images, widths) * gain).clamp(0, 1)


@torch.no_grad()
def through_tokens(image_tokenizer: ImageTokenizer, images: Tensor) -> Tensor:
    """Images (batch, 3, height, width) in 0..1 encoded and decoded again."""
    if not len(images):
        return images
    decoded = image_tokenizer.decode(image_tokenizer.encode(2 * images - 1))
    return (decoded.float().clamp(-1, 1) + 1) / 2


def gaussian_blur(images: Tensor, widths: Tensor) -> Tensor:
    """Each image (batch, 3, height, width) under a Gaussian of its own width (batch,), pixels."""
    radius = max(1, int(3 * float(widths.max())))
    offsets = torch.arange(-radius, radius + 1)
    taps = torch.exp(-0.5 * (offsets / widths.clamp_min(1e-3)[:, None]) ** 2)
    taps = taps / taps.sum(dim=1, keepdim=True)
    for axis in (2, 3):
        pad = (0, 0, radius, radius) if axis == 2 else (radius, radius, 0, 0)
        wide, size = F.pad(images, pad, mode="replicate"), images.shape[axis]
        shifted = (wide.narrow(axis, k, size) for k in range(2 * radius + 1))
        images = sum(
            (tap[:, None, None, None] * part for tap, part in zip(taps.T, shifted, strict=True)),
            torch.zeros_like(images),
        )
    return images
