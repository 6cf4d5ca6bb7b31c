"""Step 2: spatial alignment of both decoders (paper Eq. 12)."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.diffusion import Kernel
from spatial_dual.models.decoders import TextDecoder, VisualDecoder, next_token_loss
from spatial_dual.models.graph_nodes import take_tags
from spatial_dual.models.image_tokenizer import from_uint8

MIN_NOISE = 0.5
"""Share of the chain from which on text codes are corrupted, up to all of it: the decoder must read
what the text diffuser draws, not perfect codes, and mend it from the graph."""


class VisualDecoderLoss:
    """L_v-dec = ‖I − G_V(z^{I+})‖², mean over pixels, for the codebook of the frozen tokenizer."""

    def __init__(self, codebook: Tensor) -> None:
        self.codebook = codebook

    def __call__(
        self, model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Squared error of a batch of uint8 images (batch, 3, H, W)."""
        decoder = cast(VisualDecoder, model)
        codes = batch["image_codes"]
        latents = F.embedding(codes, self.codebook.to(codes.device))
        images = decoder(latents, take_tags(batch, "gold"))
        return {"loss": F.mse_loss(images.float(), from_uint8(batch["images"]))}


class TextDecoderLoss:
    """L_t-dec: next-token loss of G_T on [z^Y ; z^G], the text codes noised by the kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def __call__(
        self, model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Mean nats a word."""
        decoder = cast(TextDecoder, model)
        text = batch["text_codes"]
        steps = self.kernel.steps
        t = torch.randint(round(MIN_NOISE * steps), steps + 1, (len(text),), generator=generator)
        noisy = self.kernel.sample_forward(text, t.to(text.device), generator)
        logits = decoder(noisy, take_tags(batch, "gold"), text)
        return {"loss": next_token_loss(logits, text)}
