"""What a CLIP checkpoint brings along beside its weights: sizes, words, and how it takes pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor
from transformers import CLIPModel

from spatial_dual.perception.hub.checkpoints import image_processor, pretrained, pretrained_model


@dataclass(frozen=True)
class PublishedClip:
    """Of a ``CLIPModel`` of transformers, JSON-ready.

    Attributes:
        model: its ``CLIPConfig`` as a mapping.
        tokenizer: its tokenizer, cutting and padding to the text tower's length, in the JSON of the
            ``tokenizers`` library.
        mean, deviation: of the colour channels, in 0..1, by which pixels are normalised.
    """

    model: dict[str, Any]
    tokenizer: str
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def ids(self, texts: Sequence[str]) -> Tensor:
        """Token ids (n, length) long; too long a text loses its end, never its end token."""
        encodings = _tokenizer(self.tokenizer).encode_batch(list(texts))
        return torch.tensor([encoding.ids for encoding in encodings])

    def pixels(self, images: Tensor) -> Tensor:
        """What the vision tower reads of square images (n, 3, H, H) in -1..1.

        Resized without cropping, bicubic with antialiasing, then (x − mean) / deviation in 0..1.
        """
        side = self.model["vision_config"]["image_size"]
        resized = F.interpolate(images, (side, side), mode="bicubic", antialias=True)
        mean, deviation = (
            torch.tensor(values, device=images.device)[:, None, None]
            for values in (self.mean, self.deviation)
        )
        return ((resized.clamp(-1, 1) + 1) / 2 - mean) / deviation


def load_clip(name: str, what: str) -> tuple[PublishedClip, CLIPModel]:
    """A checkpoint and what comes with it.

    Args:
        name: a hub name, or a folder made by ``save_pretrained`` of model and processor.
        what: the parameter that names it, for messages.

    Raises:
        ValueError: nothing there, or no CLIP; says why.
    """
    from transformers import AutoTokenizer

    model: CLIPModel = pretrained_model(CLIPModel, name, what)
    words = pretrained(AutoTokenizer.from_pretrained, name, what)
    processor = image_processor(name, what)
    sizes = model.config.to_dict()
    length = sizes["text_config"]["max_position_embeddings"]
    tokenizer: Tokenizer = words.backend_tokenizer
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length, pad_id=words.pad_token_id)
    told = PublishedClip(
        sizes,
        tokenizer.to_str(),
        tuple(processor.image_mean),
        tuple(processor.image_std),
    )
    return told, model


@lru_cache(maxsize=2)
def _tokenizer(told: str) -> Tokenizer:
    return Tokenizer.from_str(told)
