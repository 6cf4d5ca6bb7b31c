"""Networks of a published VQGAN (Esser et al. 2021), built of diffusers' own blocks.

diffusers' ``VQModel`` is the layout; ``models.vqgan_checkpoints`` brings others into it.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

DOWN, ATTENTIVE_DOWN = "DownEncoderBlock2D", "AttnDownEncoderBlock2D"
UP, ATTENTIVE_UP = "UpDecoderBlock2D", "AttnUpDecoderBlock2D"


@dataclass(frozen=True)
class VqganConfig:
    """Shape of ``VqganEncoder`` and ``VqganDecoder``; a level halves or doubles the resolution.

    Attributes:
        dim: length of a code vector, channels of the token grid.
        latent_channels: channels between the networks and the quantiser's 1×1 convolutions.
        channels: of each level, finest first.
        layers: residual blocks a level; the decoder has one more.
        attends: which levels of the encoder attend, finest first.
        decoder_attends: which levels of the decoder attend, coarsest first.
        groups: of the group norms.

    Raises:
        ValueError: a value out of range, with the value in the message.
    """

    dim: int
    latent_channels: int
    channels: tuple[int, ...]
    layers: int
    attends: tuple[bool, ...]
    decoder_attends: tuple[bool, ...]
    groups: int = 32

    def __post_init__(self) -> None:
        for name in ("channels", "attends", "decoder_attends"):  # lists where read from JSON
            object.__setattr__(self, name, tuple(getattr(self, name)))
        levels = len(self.channels)
        if not levels or {len(self.attends), len(self.decoder_attends)} != {levels}:
            raise ValueError(
                f"channels {self.channels}, attends {self.attends} and decoder_attends "
                f"{self.decoder_attends} must name the same levels, at least one"
            )
        if any(width % self.groups for width in self.channels):
            raise ValueError(f"channels {self.channels} must be multiples of groups {self.groups}")

    @property
    def patch(self) -> int:
        """Side of the pixel square behind one token."""
        return int(2 ** (len(self.channels) - 1))


class VqganEncoder(nn.Module):
    """Images ``(n, 3, H, W)`` in -1..1 to ``(n, dim, H / patch, W / patch)``."""

    def __init__(self, config: VqganConfig) -> None:
        super().__init__()
        kinds = tuple(ATTENTIVE_DOWN if attends else DOWN for attends in config.attends)
        self.encoder = _blocks().Encoder(
            in_channels=3,
            out_channels=config.latent_channels,
            down_block_types=kinds,
            block_out_channels=config.channels,
            layers_per_block=config.layers,
            norm_num_groups=config.groups,
            double_z=False,
        )
        self.quant_conv = nn.Conv2d(config.latent_channels, config.dim, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Encode images; sides that ``patch`` does not divide lose their last pixels."""
        grid: Tensor = self.quant_conv(self.encoder(images))
        return grid


class VqganDecoder(nn.Module):
    """Token grids ``(n, dim, h, w)`` to images ``(n, 3, h * patch, w * patch)``, about -1..1.

    Args:
        config: of the VQGAN.
        dim: channels of the grid; those beyond ``config.dim`` are another's, see ``copy_from``.
    """

    def __init__(self, config: VqganConfig, dim: int) -> None:
        super().__init__()
        kinds = tuple(ATTENTIVE_UP if attends else UP for attends in config.decoder_attends)
        self.post_quant_conv = nn.Conv2d(dim, config.latent_channels, 1)
        self.decoder = _blocks().Decoder(
            in_channels=config.latent_channels,
            out_channels=3,
            up_block_types=kinds,
            block_out_channels=config.channels,
            layers_per_block=config.layers,
            norm_num_groups=config.groups,
        )

    def forward(self, grid: Tensor) -> Tensor:
        """Decode a token grid; values are not clipped, so gradients reach them."""
        images: Tensor = self.decoder(self.post_quant_conv(grid))
        return images

    @torch.no_grad()
    def copy_from(self, decoder: "VqganDecoder") -> None:
        """Start from a decoder with fewer input channels; those beyond get zero weights."""
        self.decoder.load_state_dict(decoder.decoder.state_dict())
        own, other = self.post_quant_conv, decoder.post_quant_conv
        own.weight.zero_()
        own.weight[:, : other.in_channels] = other.weight
        own.load_state_dict(own.state_dict() | {"bias": other.bias})


class PublishedCodebook(nn.Module):
    """Code vectors of a checkpoint, all of them or those that a data set uses; not trained.

    Attributes:
        codebook: code vectors (codes, dim).
        published: number of each code in the checkpoint, (codes,) long.
        weight, bias: a code's score is ``weight · v + bias``; the highest is the code of v.
    """

    codebook: Tensor
    published: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, codes: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("codebook", torch.zeros(codes, dim))
        self.register_buffer("weight", torch.zeros(codes, dim))
        self.register_buffer("bias", torch.zeros(codes))
        self.register_buffer("published", torch.arange(codes))

    @torch.no_grad()
    def fill(self, codebook: Tensor, projection: tuple[Tensor, Tensor] | None) -> None:
        """Set the code vectors e, and how the one of a vector v is chosen.

        Args:
            codebook: (codes, dim).
            projection: weight (codes, dim) and bias (codes,) of a Gumbel quantiser. None chooses
                the nearest: |v − e|² is smallest where 2 e · v − |e|² is largest.
        """
        weight, bias = projection or (2 * codebook, -codebook.square().sum(dim=1))
        self.codebook.copy_(codebook)
        self.weight.copy_(weight)
        self.bias.copy_(bias)

    def nearest(self, grid: Tensor) -> Tensor:
        """Codes (n, h * w) of encoder outputs (n, dim, h, w), in float32 whatever surrounds it."""
        with torch.autocast(grid.device.type, enabled=False):
            vectors = grid.float().flatten(2).transpose(1, 2)
            scores = (image @ self.weight.T + self.bias for image in vectors)
            return torch.stack([image.argmax(dim=1) for image in scores])


def _blocks() -> Any:
    try:
        from diffusers.models.autoencoders import vae
    except ImportError as error:
        raise ImportError(
            "a published VQGAN needs diffusers; pip install 'spatial-dual[pretrained]'"
        ) from error
    return vae
