"""Step 2, spatial alignment: L_v-dec and L_t-dec of Eq. 12, put together by hand."""

import pytest
import torch
from torch import Tensor, nn

from spatial_dual.diffusion import KernelConfig, build_kernel
from spatial_dual.models.decoders import TextDecoder, TextDecoderConfig
from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID, PAD_ID
from spatial_dual.training.objectives.alignment import TextDecoderLoss, VisualDecoderLoss
from tests.models.graphs import SHAPE, random_tags, said_in


def gold(batch: int) -> dict[str, Tensor]:
    return {f"gold_{name}": values for name, values in random_tags(batch).items()}


class Painter(nn.Module):
    """Paints every pixel of a 1 × 1 grid's image in the first value of its latent."""

    def forward(self, latents: Tensor, tags: dict[str, Tensor]) -> Tensor:
        return latents[:, 0, 0, None, None, None].expand(-1, 3, 2, 2)


def test_visual_loss_is_the_squared_error_of_the_decoded_latents() -> None:
    """Codes 1 and 0 paint .5 and -1; images of 255 and 0 are 1 and -1: (.25 + 0) / 2."""
    codebook = torch.tensor([[-1.0, 0.0], [0.5, 0.0]])
    images = torch.stack([torch.full((3, 2, 2), 255), torch.zeros(3, 2, 2)]).to(torch.uint8)
    batch = {"images": images, "image_codes": torch.tensor([[1], [0]]), **gold(2)}
    loss = VisualDecoderLoss(codebook)(Painter(), batch, torch.Generator())
    assert float(loss["loss"]) == pytest.approx(0.125, abs=1e-6)


def test_text_loss_is_the_mean_surprise_of_the_next_words() -> None:
    """-ln p(word | codes, graph, words before), one word after the other; padding does not count.

    The codes are shown clean here: noise has tests of its own.
    """
    torch.manual_seed(0)
    decoder = TextDecoder(
        TextDecoderConfig(SHAPE, said_in(12), 12, 6, dim=16, depth=1, heads=2)
    ).eval()
    text = torch.tensor([[BOS_ID, 5, EOS_ID, PAD_ID, PAD_ID, PAD_ID], [BOS_ID, 7, 8, 9, 4, EOS_ID]])
    batch = {"text_codes": text, **gold(2)}
    kernel = build_kernel(KernelConfig("absorbing", 12, 10))
    kernel.sample_forward = lambda x_0, t, generator, mask=None: x_0  # type: ignore[method-assign]
    loss = TextDecoderLoss(kernel)(decoder, batch, torch.Generator().manual_seed(0))
    nats, words = 0.0, 0
    with torch.no_grad():
        for row, length in enumerate((3, 6)):
            tags = {name: values[row : row + 1] for name, values in random_tags(2).items()}
            for last in range(1, length):
                told = torch.full((1, 6), PAD_ID)
                told[0, :last] = text[row, :last]
                logits = decoder(text[row : row + 1], tags, told)[0, last - 1]
                nats -= float(logits.log_softmax(-1)[text[row, last]])
                words += 1
    assert float(loss["loss"]) == pytest.approx(nats / words, rel=1e-4)
