"""Records as frozen tokens and features: z^I, z^Y, c_I and c_Y, computed once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from spatial_dual.models.clip import ClipEncoder
from spatial_dual.models.image_tokenizer import ImageTokenizer, from_uint8
from spatial_dual.models.text_tokenizer import TextTokenizer


class TokenEncoder:
    """Applies the frozen encoders to chunks of records, on one device.

    Args:
        image_tokenizer: gives the image codes.
        text_tokenizer: gives the text codes.
        clip: gives features and tokens of images and captions.
        length: of the text codes.
        captions_per_record: captions C kept of each record; a record with fewer repeats its own,
            one without has the empty caption.
        device: where the networks run.
        bfloat16: compute in bfloat16; for devices that have it in hardware.
    """

    def __init__(
        self,
        image_tokenizer: ImageTokenizer,
        text_tokenizer: TextTokenizer,
        clip: ClipEncoder,
        length: int,
        captions_per_record: int,
        device: torch.device,
        bfloat16: bool = False,
    ) -> None:
        if captions_per_record < 1:
            raise ValueError(f"captions_per_record must be at least 1, got {captions_per_record}")
        self.image_tokenizer = image_tokenizer.to(device).eval()
        self.text_tokenizer, self.clip = text_tokenizer, clip.to(device).eval()
        self.length = length
        self.captions_per_record, self.device = captions_per_record, device
        self.bfloat16 = bfloat16

    @torch.inference_mode()
    def encode_chunk(self, chunk: Mapping[str, Any]) -> dict[str, Any]:
        """Encode columns ``id``, ``image`` (uint8 ``(n, H, W, 3)``) and ``captions``.

        Returns:
            ``id``, ``image_codes`` uint16 ``(n, h * w)``, ``text_codes`` uint16
            ``(n, C, length)``, ``clip_image`` float16 ``(n, d)``, ``clip_text`` float16
            ``(n, C, d)``; ``clip_image_tokens`` float16 ``(n, m, w)``, and of the text tokens,
            which would be large, what CLIP makes them of: ``clip_ids`` uint16 ``(n, C, l)``.
        """
        count, kept = len(chunk["id"]), self.captions_per_record
        captions = self._captions(chunk["captions"])
        text_codes = self.text_tokenizer.encode_batch(captions, self.length)
        images = from_uint8(torch.from_numpy(chunk["image"]).permute(0, 3, 1, 2).to(self.device))
        ids = self.clip.caption_ids(captions, self.text_tokenizer).to(self.device)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            image_codes = self.image_tokenizer.encode(images)
            clip_image = self.clip.image_features(images)
            clip_image_tokens = self.clip.image_condition(images)
            clip_text = self.clip.text_features(ids).unflatten(0, (count, kept))
        return {
            "id": chunk["id"],
            "image_codes": image_codes.cpu().numpy().astype(np.uint16),
            "text_codes": text_codes.reshape(count, kept, -1),
            "clip_image": clip_image.half().cpu().numpy(),
            "clip_text": clip_text.half().cpu().numpy(),
            "clip_image_tokens": clip_image_tokens.half().cpu().numpy(),
            "clip_ids": ids.unflatten(0, (count, kept)).cpu().numpy().astype(np.uint16),
        }

    def _captions(self, captions: Sequence[Sequence[str]]) -> list[str]:
        kept = range(self.captions_per_record)
        return [texts[i % len(texts)] if texts else "" for texts in captions for i in kept]
