"""Halves of an image tokenizer: pixels to a token grid and back.

Each half is the sum of a fixed linear map of patches (their principal components, once
``principal_patches`` has measured them) and a convolutional network without norms that starts at
zero. The linear part is a fair autoencoder from the first step on, so that training goes into what
only a network can do; without it the same networks need several times the steps.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class PatchConfig:
    """Shape of ``PatchEncoder`` and ``PatchDecoder``; the patch side is ``2 * unshuffle`` pixels.

    Attributes:
        dim: channels of the token grid.
        channels: width at token resolution; half of it at twice the resolution.
        coarse_blocks: residual blocks at token resolution.
        fine_blocks: residual blocks at twice the token resolution.
        unshuffle: pixels folded into channels per axis before the first convolution.

    Raises:
        ValueError: a value out of range, with the value in the message.
    """

    dim: int
    channels: int = 128
    coarse_blocks: int = 2
    fine_blocks: int = 1
    unshuffle: int = 4

    def __post_init__(self) -> None:
        for name in ("dim", "channels", "unshuffle"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("coarse_blocks", "fine_blocks"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.channels % 2:
            raise ValueError(f"channels must be even, got {self.channels}")

    @property
    def patch(self) -> int:
        """Side of the pixel square behind one token."""
        return 2 * self.unshuffle


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the scale of its (rectified) input: there are no norms to do it."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel - stride + 1) // 2)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x)))), the last convolution starting at zero: the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels, 3)
        self.second = convolution(channels, channels, 3)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, channels, h, w)`` to the same shape."""
        out: Tensor = x + self.second(F.relu(self.first(F.relu(x))))
        return out


class PatchEncoder(nn.Module):
    """Images ``(n, 3, H, W)`` to ``(n, dim, H / patch, W / patch)``."""

    def __init__(self, config: PatchConfig) -> None:
        super().__init__()
        self.config = config
        wide, narrow = config.channels, config.channels // 2
        self.linear = nn.Conv2d(3, config.dim, config.patch, config.patch).requires_grad_(False)
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(config.unshuffle),
            convolution(3 * config.unshuffle**2, narrow, 3),
            *(ResidualBlock(narrow) for _ in range(config.fine_blocks)),
            nn.ReLU(),
            convolution(narrow, wide, 4, stride=2),
            *(ResidualBlock(wide) for _ in range(config.coarse_blocks)),
            nn.ReLU(),
            convolution(wide, config.dim, 1),
        )
        nn.init.zeros_(self.layers[-1].weight)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        """Encode images in -1..1.

        Raises:
            ValueError: height or width is no multiple of the patch.
        """
        height, width = images.shape[-2:]
        if height % self.config.patch or width % self.config.patch:
            raise ValueError(
                f"image of {height}x{width} pixels is no multiple of the patch "
                f"({self.config.patch}); resize or crop it"
            )
        images = images.contiguous(memory_format=torch.channels_last)
        grid: Tensor = self.linear(images) + self.layers(images)
        return grid


class PatchDecoder(nn.Module):
    """Token grids ``(n, dim, h, w)`` to images ``(n, 3, h * patch, w * patch)``.

    Stands apart from any quantiser: the tokenizer feeds it code vectors, and the visual decoder
    G_V of the paper (step 2, Eq. 4-5) feeds it code vectors joined with attended graph vectors.
    """

    def __init__(self, config: PatchConfig) -> None:
        super().__init__()
        self.config = config
        wide, narrow = config.channels, config.channels // 2
        self.linear = nn.ConvTranspose2d(config.dim, 3, config.patch, config.patch)
        self.linear.requires_grad_(False)
        self.entry = convolution(config.dim, wide, 3)
        self.layers = nn.Sequential(
            *(ResidualBlock(wide) for _ in range(config.coarse_blocks)),
            nn.ReLU(),
            convolution(wide, 4 * narrow, 1),
            nn.PixelShuffle(2),
            *(ResidualBlock(narrow) for _ in range(config.fine_blocks)),
            nn.ReLU(),
            convolution(narrow, 3 * config.unshuffle**2, 3),
            nn.PixelShuffle(config.unshuffle),
        )
        nn.init.zeros_(self.layers[-2].weight)  # type: ignore[arg-type]

    def forward(self, grid: Tensor) -> Tensor:
        """Decode a token grid; values are about -1..1 and not clipped, so gradients reach them."""
        grid = grid.contiguous(memory_format=torch.channels_last)
        images: Tensor = self.linear(grid) + self.layers(self.entry(grid))
        return images

    @torch.no_grad()
    def copy_from(self, decoder: "PatchDecoder") -> None:
        """Start from a decoder with fewer input channels.

        Channels beyond that decoder's get zero weights: at first they do not change its images.

        Raises:
            ValueError: the decoders differ in more than ``dim``, or this one is narrower.
        """
        extra = self.config.dim - decoder.config.dim
        if extra < 0:
            raise ValueError(f"dim {self.config.dim} is below the source's {decoder.config.dim}")
        own, other = self.layers.state_dict(), decoder.layers.state_dict()
        if [t.shape for t in own.values()] != [t.shape for t in other.values()]:
            raise ValueError(f"decoders differ in shape: {self.config} and {decoder.config}")
        self.layers.load_state_dict(other)
        weight = F.pad(decoder.entry.weight, (0, 0, 0, 0, 0, extra))
        self.entry.load_state_dict({**decoder.entry.state_dict(), "weight": weight})
        weight = F.pad(decoder.linear.weight, (0, 0, 0, 0, 0, 0, 0, extra))
        self.linear.load_state_dict({**decoder.linear.state_dict(), "weight": weight})


def principal_patches(images: Tensor, patch: int, count: int) -> tuple[Tensor, Tensor]:
    """First principal components of the patches of images ``(n, 3, H, W)``.

    Returns:
        Orthonormal basis ``(count, 3, patch, patch)``, strongest first, and the mean colour
        ``(3,)`` that it starts from.

    Raises:
        ValueError: a patch has fewer than ``count`` values.
    """
    if count > 3 * patch**2:
        raise ValueError(f"dim {count} exceeds the {3 * patch**2} values of a {patch}-pixel patch")
    mean = images.double().mean(dim=(0, 2, 3))
    centred = images.double() - mean[:, None, None]
    patches = F.unfold(centred, patch, stride=patch).transpose(1, 2).flatten(0, 1)
    _, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    basis = vectors.flip(1)[:, :count].T.reshape(count, 3, patch, patch)
    return basis.float(), mean.float()
