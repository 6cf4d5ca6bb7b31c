"""VQ image tokenizer: images to a grid of discrete codes z^I and back (frozen after training).

Paper: "VQ-VAE encoder" of the image diffuser; van den Oord et al. 2017 with an EMA codebook.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from vector_quantize_pytorch import VectorQuantize

from spatial_dual.models.finite import check_numbers
from spatial_dual.models.patches import PatchConfig, PatchDecoder, PatchEncoder, principal_patches
from spatial_dual.models.vqgan import PublishedCodebook, VqganConfig, VqganDecoder, VqganEncoder


@dataclass(frozen=True)
class ImageTokenizerConfig:
    """Shape of the networks (see ``PatchConfig``) and of the codebook.

    Attributes:
        codes: size K of the codebook.
        code_dim: length d of a code vector.
        decay: of the codebook's moving averages.
        dead_below: a code whose averaged use per batch falls below this is restarted.
        vqgan: networks of a published VQGAN in the place of the patch networks; ``codes`` of its
            code vectors are kept, and nothing of it is trained.

    Raises:
        ValueError: a value out of range, with the value in the message.
    """

    codes: int = 512
    code_dim: int = 16
    channels: int = 128
    coarse_blocks: int = 2
    fine_blocks: int = 1
    unshuffle: int = 4
    decay: float = 0.95
    dead_below: float = 0.5
    commitment_weight: float = 0.25
    vqgan: VqganConfig | None = None

    def __post_init__(self) -> None:
        if isinstance(self.vqgan, dict):  # read from JSON
            object.__setattr__(self, "vqgan", VqganConfig(**self.vqgan))
        if self.vqgan and self.vqgan.dim != self.code_dim:
            raise ValueError(f"code_dim {self.code_dim} is not the VQGAN's {self.vqgan.dim}")
        if not 2 <= self.codes <= 65536:
            raise ValueError(f"codes must be in 2..65536 (stored as uint16), got {self.codes}")
        if self.code_dim < 1:
            raise ValueError(f"code_dim must be at least 1, got {self.code_dim}")
        if not 0 < self.decay < 1:
            raise ValueError(f"decay must be in (0, 1), got {self.decay}")
        if self.dead_below < 0 or self.commitment_weight <= 0:
            raise ValueError(
                "dead_below must not be negative and commitment_weight must be positive, got "
                f"{self.dead_below} and {self.commitment_weight}"
            )
        _ = self.patches

    @property
    def patches(self) -> "PixelConfig":
        """Shape of encoder and decoder."""
        if self.vqgan:
            return self.vqgan
        own = asdict(self)
        shared = ("channels", "coarse_blocks", "fine_blocks", "unshuffle")
        return PatchConfig(dim=self.code_dim, **{name: own[name] for name in shared})


PixelConfig = PatchConfig | VqganConfig
"""Shape of the networks between pixels and tokens: both have ``dim`` and ``patch``."""


def pixel_config(told: PixelConfig | dict[str, Any]) -> PixelConfig:
    """The shape itself, or what JSON holds of it."""
    if not isinstance(told, dict):
        return told
    return VqganConfig(**told) if "latent_channels" in told else PatchConfig(**told)


def pixel_decoder(config: PixelConfig, dim: int) -> PatchDecoder | VqganDecoder:
    """A decoder of that shape for token grids of ``dim`` channels."""
    if isinstance(config, VqganConfig):
        return VqganDecoder(config, dim)
    return PatchDecoder(replace(config, dim=dim))


class Reconstruction(NamedTuple):
    """Output of the tokenizer: images ``(n, 3, H, W)``, codes ``(n, h * w)``, losses by name."""

    images: Tensor
    codes: Tensor
    losses: dict[str, Tensor]


class ImageTokenizer(nn.Module):
    """Encoder, vector quantiser and decoder.

    In training mode ``forward`` updates the codebook: k-means on the first batch, then moving
    averages, and codes that are hardly used restart from encoder outputs of the batch. These draws
    come from torch's global generator, the only one that ``VectorQuantize`` knows; ``fit`` seeds it
    from (seed, step), so training stays reproducible. ``encode`` and ``decode`` draw nothing.
    A published VQGAN only encodes and decodes.
    """

    Config = ImageTokenizerConfig

    def __init__(self, config: ImageTokenizerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder: Any  # one of two kinds, as ``config.patches`` says
        self.quantiser: VectorQuantize | PublishedCodebook
        if isinstance(config.patches, VqganConfig):
            self.encoder = VqganEncoder(config.patches)
            self.quantiser = PublishedCodebook(config.codes, config.code_dim)
        else:
            self.encoder = PatchEncoder(config.patches)
            self.quantiser = _trained_quantiser(config)
        self.decoder: Any = pixel_decoder(config.patches, config.code_dim)

    @torch.no_grad()
    def start_from(self, images: Tensor) -> None:
        """Set the fixed linear parts to the principal patches of training images in -1..1."""
        patch, dim = self.config.patches.patch, self.config.code_dim
        basis, mean = principal_patches(images, patch, dim)
        self.encoder.linear.load_state_dict(
            {"weight": basis, "bias": -torch.einsum("dchw,c->d", basis, mean)}
        )
        self.decoder.linear.load_state_dict({"weight": basis, "bias": mean})

    @property
    def codebook(self) -> Tensor:
        """Code vectors ``(codes, code_dim)``."""
        return self.quantiser.codebook

    def forward(self, images: Tensor) -> Reconstruction:
        """Reconstruct images ``(n, 3, H, W)`` in -1..1 through their nearest codes.

        ``losses`` holds the quantiser's "commitment" term, already weighted.
        """
        vectors, codes, commitment = self._quantise(self.encoder(images))
        losses = {"commitment": commitment.squeeze()}
        return Reconstruction(self.decoder(vectors), codes.flatten(1), losses)

    def encode(self, images: Tensor) -> Tensor:
        """Codes ``(n, h * w)`` (long, row by row) of images ``(n, 3, H, W)`` in -1..1."""
        if isinstance(self.quantiser, PublishedCodebook):
            # at full resolution it holds 128 channels and more: a few images at a time
            parts = [self.quantiser.nearest(self.encoder(few)) for few in images.split(8)]
            return torch.cat(parts)
        grid = self.encoder(images)
        # the quantiser's own search builds one-hot codes and takes five times as long
        with torch.autocast(grid.device.type, enabled=False):
            vectors = grid.float().flatten(2).transpose(1, 2)
            distances = self.codebook.square().sum(dim=1) - 2 * vectors @ self.codebook.T
        return distances.argmin(dim=2)

    def features(self, codes: Tensor) -> Tensor:
        """Code vectors z^I ``(n, h * w, code_dim)`` of codes ``(n, h * w)``."""
        return F.embedding(codes, self.codebook)

    def decode(self, codes: Tensor, height: int | None = None) -> Tensor:
        """Images ``(n, 3, h * patch, w * patch)``, clipped to -1..1, of codes ``(n, h * w)``.

        Args:
            codes: long ``(n, h * w)``, row by row.
            height: rows h of the token grid; a square grid if left out.

        Raises:
            ValueError: the codes fill no such grid.
        """
        images: Tensor = self.decoder(token_grid(self.features(codes), height))
        return images.clamp(-1, 1)

    @torch.no_grad()
    def keeping(self, codes: Tensor) -> Self:
        """This published tokenizer with the given codes (kept,) alone, numbered anew from 0.

        The codes of an image that used no other stay the same, but for their numbers.

        Raises:
            TypeError: the tokenizer was trained here, so that its codes need no choice.
        """
        if not isinstance(self.quantiser, PublishedCodebook):
            raise TypeError("only the codes of a published tokenizer are chosen from")
        kept = type(self)(replace(self.config, codes=len(codes)))
        names = {f"quantiser.{name}" for name in self.quantiser.state_dict()}
        state = self.state_dict()
        kept.load_state_dict({n: v[codes] if n in names else v for n, v in state.items()})
        return kept.eval()

    def _quantise(self, grid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # nearest codes and moving averages need float32 whatever precision surrounds them
        with torch.autocast(grid.device.type, enabled=False):
            vectors, codes, loss = self.quantiser(grid.float())
        return vectors, codes, loss


def _trained_quantiser(config: ImageTokenizerConfig) -> VectorQuantize:
    return VectorQuantize(
        dim=config.code_dim,
        codebook_size=config.codes,
        decay=config.decay,
        kmeans_init=True,
        threshold_ema_dead_code=config.dead_below,
        commitment_weight=config.commitment_weight,
        accept_image_fmap=True,
        # its shrinking of the code vectors costs .2 dB against the straight-through estimate
        rotation_trick=False,
    )


def token_grid(vectors: Tensor, height: int | None = None) -> Tensor:
    """Arrange token vectors ``(n, h * w, dim)`` as ``(n, dim, h, w)``; square without ``height``.

    Raises:
        ValueError: the tokens fill no such grid.
    """
    count = vectors.shape[1]
    rows = round(count**0.5) if height is None else height
    if rows < 1 or count % rows or (height is None and rows * rows != count):
        raise ValueError(f"{count} tokens fill no grid of {height or 'as many columns as'} rows")
    return vectors.transpose(1, 2).unflatten(2, (rows, count // rows))


def image_tokenizer_loss(
    model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Loss of one batch of uint8 crops ``images (n, 3, H, W)``, for ``training.fit``.

    squared + absolute error of the pixels + commitment of the encoder to its codes.
    """
    images = from_uint8(batch["images"])
    output: Reconstruction = model(images)
    difference = output.images.float() - images
    squared, absolute = difference.square().mean(), difference.abs().mean()
    commitment = output.losses["commitment"]
    loss = squared + 0.1 * absolute + commitment
    return {"loss": loss, "squared": squared, "absolute": absolute, "commitment": commitment}


def from_uint8(images: Tensor) -> Tensor:
    """uint8 images to float32 in -1..1."""
    return images.float() / 127.5 - 1


def to_uint8(images: Tensor) -> Tensor:
    """Float images in -1..1 to uint8, rounded and clipped.

    Raises:
        FloatingPointError: a pixel is NaN or infinite.
    """
    check_numbers(images, "the image decoder")
    return ((images.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
