"""CLIP: joint features of images and captions, c_I and c_Y of the paper.

``transformers.CLIPModel``, small and trained here contrastively (Radford et al. 2021), or a
published checkpoint, frozen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel

from spatial_dual.models.image_tokenizer import from_uint8
from spatial_dual.models.published_clip import PublishedClip, load_clip
from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID, PAD_ID, TextTokenizer

CONDITION_GRID = 4
"""Side of the grid of image tokens that the diffusers read: few, for they are kept on disk."""
OLD_EOS = 2
"""In the configuration of old checkpoints, whose eos is really their highest id."""


@dataclass(frozen=True)
class ClipConfig:
    """Shape of both towers.

    Attributes:
        vocabulary_size: ids of the text tokenizer.
        image_size: side of the square images in pixels.
        patch: side of an image token in pixels.
        text_length: longest caption in tokens.
        dim: length d of the joint feature.
        width: channels of the Transformers; ``heads`` must divide it.
        published: of a checkpoint, which then says all the sizes.

    Raises:
        ValueError: a value out of range, with the value in the message.
    """

    vocabulary_size: int
    image_size: int = 128
    patch: int = 16
    text_length: int = 48
    dim: int = 128
    width: int = 128
    layers: int = 2
    heads: int = 4
    published: PublishedClip | None = None

    def __post_init__(self) -> None:
        if isinstance(self.published, dict):  # read from JSON
            object.__setattr__(self, "published", PublishedClip(**self.published))
        for name in ("patch", "dim", "width", "layers", "heads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.vocabulary_size <= EOS_ID:
            raise ValueError(f"vocabulary_size must exceed {EOS_ID}, got {self.vocabulary_size}")
        if self.text_length < 3:
            raise ValueError(f"text_length must be at least 3, got {self.text_length}")
        if self.image_size % self.patch:
            raise ValueError(f"patch {self.patch} does not divide image_size {self.image_size}")
        if self.width % self.heads:
            raise ValueError(f"heads {self.heads} do not divide width {self.width}")


class ClipEncoder(nn.Module):
    """Image tower and text tower with a joint feature space."""

    Config = ClipConfig

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.config = config
        sizes = config.published.model if config.published else _sizes(config)
        self.model = CLIPModel(CLIPConfig(**sizes))
        # the fused kernel's bfloat16 backward pass is twice as slow on CPUs, and sequences are too
        # short for it to save memory
        self.model.set_attn_implementation("eager")

    @classmethod
    def from_published(cls, name: str, what: str) -> Self:
        """A checkpoint of transformers, frozen; see ``published_clip.load_clip``."""
        published, model = load_clip(name, what)
        sizes: Any = model.config
        text, vision = sizes.text_config, sizes.vision_config
        encoder = cls(
            ClipConfig(
                vocabulary_size=text.vocab_size,
                image_size=vision.image_size,
                patch=vision.patch_size,
                text_length=text.max_position_embeddings,
                dim=sizes.projection_dim,
                width=vision.hidden_size,
                layers=vision.num_hidden_layers,
                heads=vision.num_attention_heads,
                published=published,
            )
        )
        encoder.model.load_state_dict(model.state_dict())
        return encoder.requires_grad_(False).eval()

    def caption_ids(self, texts: Sequence[str], tokenizer: TextTokenizer) -> Tensor:
        """Token ids ``(n, text_length)`` that ``text_features`` reads.

        By the checkpoint's own tokenizer, or else by ``tokenizer``, which this CLIP was trained on.
        """
        if self.config.published:
            return self.config.published.ids(texts)
        ids = tokenizer.encode_batch(texts, self.config.text_length)
        return torch.from_numpy(ids.astype(np.int64))

    def image_features(self, images: Tensor) -> Tensor:
        """Global features c_I ``(n, dim)``, unit length, of images ``(n, 3, H, W)`` in -1..1.

        A checkpoint pools at its class token. Ours pools as the mean of the image tokens: from a
        few thousand images this learns where the class token does not (text -> image recall at 1
        in 100: .08 against .03 after 40 s).
        """
        if self.config.published:
            pixels = self.config.published.pixels(images)
            return _unit(self.model.get_image_features(pixel_values=pixels).pooler_output)
        pooled = self.model.vision_model.post_layernorm(self.image_tokens(images).mean(dim=1))
        return _unit(self.model.visual_projection(pooled))

    def text_features(self, ids: Tensor) -> Tensor:
        """Global features c_Y ``(n, dim)``, unit length, of token ids ``(n, length)``.

        Pooled at the first eos; what follows it has no influence (the text tower is causal).

        Raises:
            ValueError: more tokens than ``text_length``.
        """
        output = self.model.get_text_features(input_ids=self._checked(ids))
        return _unit(output.pooler_output)

    def condition_dims(self, condition: str) -> dict[str, int]:
        """Widths of c_I ("image") and c_Y ("text"), which towers of a checkpoint need not share.

        ``condition`` is one of ``models.conditions.CONDITIONS``.
        """
        if condition == "global":
            return {"image": self.config.dim, "text": self.config.dim}
        towers: Any = self.model.config
        sizes = {"image": towers.vision_config, "text": towers.text_config}
        return {name: tower.hidden_size for name, tower in sizes.items()}

    def image_condition(self, images: Tensor) -> Tensor:
        """c_I ``(n, CONDITION_GRID², width)``: image tokens, averaged to a grid, normalised."""
        published = self.config.published
        tokens = self.image_tokens(published.pixels(images) if published else images)
        side = round(tokens.shape[1] ** 0.5)
        grid = tokens.float().transpose(1, 2).unflatten(2, (side, side))
        pooled = F.adaptive_avg_pool2d(grid, min(side, CONDITION_GRID)).flatten(2).transpose(1, 2)
        return F.layer_norm(pooled, pooled.shape[-1:])

    def text_condition(self, ids: Tensor) -> Tensor:
        """c_Y ``(n, length, width)``: text tokens up to the first eos, normalised; then zeros."""
        tokens = self.text_tokens(ids).float()
        real = torch.arange(ids.shape[1], device=ids.device) <= self._ends(ids)[:, None]
        return F.layer_norm(tokens, tokens.shape[-1:]) * real[..., None]

    def trimmed(self, ids: Tensor) -> Tensor:
        """Token ids without the columns after the last of all first eos."""
        return ids[:, : 1 + int(self._ends(ids).max())]

    def _ends(self, ids: Tensor) -> Tensor:
        """Index of the first eos of each row, (n,)."""
        towers: Any = self.model.config
        eos = towers.text_config.eos_token_id
        if self.config.published and eos == OLD_EOS:
            return ids.argmax(dim=-1)
        return (ids == eos).int().argmax(dim=-1)

    def image_tokens(self, images: Tensor) -> Tensor:
        """Last hidden states ``(n, (H / patch) * (W / patch), width)``, row by row."""
        states: Tensor = self.model.vision_model(pixel_values=images).last_hidden_state
        return states[:, 1:]

    def text_tokens(self, ids: Tensor) -> Tensor:
        """Last hidden states ``(n, length, width)`` of token ids ``(n, length)``."""
        states: Tensor = self.model.text_model(input_ids=self._checked(ids)).last_hidden_state
        return states

    def forward(self, images: Tensor, ids: Tensor) -> Tensor:
        """Scaled cosine similarities ``(n images, n texts)``."""
        scale = self.model.logit_scale.exp().clamp(max=100)
        return scale * self.image_features(images) @ self.text_features(ids).T

    def _checked(self, ids: Tensor) -> Tensor:
        if ids.shape[1] > self.config.text_length:
            raise ValueError(
                f"{ids.shape[1]} tokens, the text tower takes {self.config.text_length}; encode "
                "captions with that length"
            )
        return ids.long()


def _sizes(config: ClipConfig) -> dict[str, Any]:
    tower = {
        "hidden_size": config.width,
        "intermediate_size": 4 * config.width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "projection_dim": config.dim,
    }
    text = {
        "vocab_size": config.vocabulary_size,
        "max_position_embeddings": config.text_length,
        "pad_token_id": PAD_ID,
        "bos_token_id": BOS_ID,
        "eos_token_id": EOS_ID,
    }
    vision = {"image_size": config.image_size, "patch_size": config.patch}
    return {
        "text_config": tower | text,
        "vision_config": tower | vision,
        "projection_dim": config.dim,
    }


def clip_loss(
    model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Symmetric contrastive loss of pairs ``images (n, 3, H, W)`` uint8, ``ids (n, length)``.

    L = ½ CE(S, diag) + ½ CE(Sᵀ, diag) with S the scaled similarities; ``accuracy`` is the share
    of captions whose image is the batch's nearest.
    """
    similarity = model(from_uint8(batch["images"]), batch["ids"]).float()
    matching = torch.arange(len(similarity), device=similarity.device)
    loss = F.cross_entropy(similarity, matching) + F.cross_entropy(similarity.T, matching)
    accuracy = (similarity.argmax(dim=0) == matching).float().mean()
    return {"loss": loss / 2, "accuracy": accuracy}


def _unit(features: Tensor) -> Tensor:
    return F.normalize(features.float(), dim=-1)
