"""Published models in the place of trained ones: what the data use of them."""

import torch
from torch import Tensor

from spatial_dual.devices import choose_device, mixed_precision
from spatial_dual.models.image_tokenizer import ImageTokenizer, from_uint8
from spatial_dual.progress import batch_ranges
from spatial_dual.training.token_sources import RecordColumns

BATCH = 16


@torch.inference_mode()
def code_counts(tokenizer: ImageTokenizer, images: RecordColumns, device: str) -> Tensor:
    """How often each code occurs in all images, (codes,) long.

    Computed at the precision at which records are encoded later, so that no code is lost to
    rounding.

    Args:
        images: records with a column ``image``.
        device: see ``devices.choose_device``.
    """
    place = choose_device(device)
    counts = torch.zeros(tokenizer.config.codes, dtype=torch.long)
    tokenizer.to(place)
    with mixed_precision(place):
        for rows in batch_ranges(len(images), BATCH, "counting codes"):
            pixels = torch.from_numpy(images.array("image", rows)).permute(0, 3, 1, 2)
            codes = tokenizer.encode(from_uint8(pixels.to(place)))
            counts += codes.flatten().bincount(minlength=len(counts)).cpu()
    tokenizer.to("cpu")
    return counts
