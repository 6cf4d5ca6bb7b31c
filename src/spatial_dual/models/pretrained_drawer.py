"""Text-to-image models of diffusers (Stable Diffusion, SDXL, CogView 3, …), to compare with."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from spatial_dual.seeding import torch_generator


class PretrainedDrawer:
    """A pipeline of diffusers, by hub name or local folder.

    Args:
        name: as ``DiffusionPipeline.from_pretrained`` takes it; weights must be safetensors.
        device: where it runs.

    Raises:
        ImportError: diffusers is not installed; the message says how to.
        ValueError: neither a folder nor a hub name; OSError: nothing at that name.
    """

    def __init__(self, name: str, device: torch.device | str = "cpu") -> None:
        try:
            from diffusers import DiffusionPipeline
        except ImportError as error:
            raise ImportError(
                f"{name}: needs diffusers; pip install 'spatial-dual[pretrained]'"
            ) from error
        self._pipeline = DiffusionPipeline.from_pretrained(name, use_safetensors=True).to(device)
        self._pipeline.set_progress_bar_config(disable=True)

    def draw(
        self, texts: Sequence[str], *, size: int, steps: int, guidance: float, seed: int
    ) -> np.ndarray:
        """Images (n, size, size, 3) uint8 of the texts, resized from the model's own size.

        Args:
            texts: prompts, one image each.
            size: side of the images in pixels; bicubic with antialiasing.
            steps: of the model's sampler.
            guidance: of classifier-free guidance.
            seed: of all noise.
        """
        drawn = self._pipeline(
            prompt=list(texts),
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=torch_generator(seed, "pretrained"),
            output_type="pil",
        ).images
        return np.stack([_resized(image, size) for image in drawn])


def _resized(image: Image.Image, size: int) -> np.ndarray:
    return np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC))
