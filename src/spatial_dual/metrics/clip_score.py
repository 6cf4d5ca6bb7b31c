"""Agreement of captions and images by a CLIP that is kept for metrics only."""

import numpy as np
import torch

from spatial_dual.models.clip import ClipEncoder
from spatial_dual.models.image_tokenizer import from_uint8

BATCH = 100


@torch.inference_mode()
def caption_similarity(clip: ClipEncoder, ids: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Cosines (texts, images) of token ids (texts, length) with uint8 images (images, H, W, 3)."""
    texts = clip.text_features(torch.from_numpy(ids.astype(np.int64)))
    features = [
        clip.image_features(from_uint8(torch.from_numpy(part).permute(0, 3, 1, 2)))
        for part in np.array_split(images, max(1, len(images) // BATCH))
    ]
    cosines: np.ndarray = (texts @ torch.cat(features).T).numpy()
    return cosines
