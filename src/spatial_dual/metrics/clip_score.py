"""Agreement of captions and images by a CLIP that is kept for metrics only."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spatial_dual.metrics.extractors import weights_digest
from spatial_dual.metrics.undefined import UndefinedMetricError, check_finite
from spatial_dual.models.clip import ClipEncoder
from spatial_dual.models.image_tokenizer import from_uint8

BATCH = 100


@torch.inference_mode()
def caption_similarity(clip: ClipEncoder, ids: Tensor, images: np.ndarray) -> np.ndarray:
    """Cosines (texts, images) of token ids (texts, length) with uint8 images (images, H, W, 3).

    Raises:
        UndefinedMetricError: no images, or features that are not finite.
    """
    if not len(images):
        raise UndefinedMetricError("no pictures")
    texts = clip.text_features(ids)
    features = [
        clip.image_features(from_uint8(torch.from_numpy(part).permute(0, 3, 1, 2)))
        for part in np.array_split(images, max(1, len(images) // BATCH))
    ]
    check_finite(texts, "CLIP features of texts")
    check_finite(torch.cat(features), "CLIP features of pictures")
    # rounding takes the cosine of equal directions a little above 1
    cosines: np.ndarray = (texts @ torch.cat(features).T).clamp(-1, 1).numpy()
    return cosines


class PretrainedClip:
    """A CLIP checkpoint of transformers, by hub name or local folder.

    Args:
        name: as ``from_pretrained`` takes it.

    Raises:
        OSError: transformers finds no such checkpoint.
    """

    def __init__(self, name: str) -> None:
        from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

        self.name = name
        self._model = CLIPModel.from_pretrained(name, use_safetensors=True).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        self._processor = CLIPImageProcessorPil.from_pretrained(name)
        self.digest = weights_digest(self._model)

    @torch.inference_mode()
    def score(self, captions: Sequence[str], images: np.ndarray) -> float:
        """CLIPScore (Hessel et al. 2021) of pairs: mean of 2.5 · max(cos, 0), times 100.

        Args:
            captions: one an image; cut at the text tower's length.
            images: uint8 (n, H, W, 3).

        Raises:
            UndefinedMetricError: no images, or features that are not finite.
        """
        if not len(images):
            raise UndefinedMetricError("no pictures")
        cosines = [
            self._cosines(captions[start : start + BATCH], images[start : start + BATCH])
            for start in range(0, len(images), BATCH)
        ]
        found = torch.cat(cosines)
        check_finite(found, "CLIP cosines")
        return 250 * float(found.clamp(0, 1).mean())

    def _cosines(self, captions: Sequence[str], images: np.ndarray) -> Tensor:
        words = self._tokenizer(
            list(captions),
            padding=True,
            truncation=True,
            return_tensors="pt",
            max_length=self._model.config.text_config.max_position_embeddings,
        )
        pixels = self._processor(list(images), return_tensors="pt")["pixel_values"]
        texts = self._model.get_text_features(**words).pooler_output
        pictures = self._model.get_image_features(pixel_values=pixels).pooler_output
        return torch.nn.functional.cosine_similarity(texts, pictures)
