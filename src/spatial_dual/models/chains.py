"""The trained parts at work on one batch: graphs evolve, images and texts are made from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spatial_dual.diffusion import Kernel, KernelConfig, Samples, build_kernel
from spatial_dual.models.generation import (
    SamplingOptions,
    draw_images,
    held_graphs,
    sample_graphs,
    write_captions,
)
from spatial_dual.models.image_tokenizer import from_uint8, to_uint8
from spatial_dual.models.parts import Parts
from spatial_dual.models.token_diffuser import TokenCondition
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.tensors import GraphCodec, GraphTensors
from spatial_dual.scene.text import clean_caption

Tags = dict[str, Tensor]


@dataclass(frozen=True)
class Start:
    """Initial graphs of a kind, "text" or "image", and the features c_Y or c_I, (n, dim)."""

    graphs: Sequence[SceneGraph]
    kind: str
    feature: Tensor


@dataclass(frozen=True)
class Plans:
    """3DSGs that outputs are made from, as graphs and as tags."""

    graphs: list[SceneGraph]
    tags: Tags


class Chains:
    """Reverse chains of the three diffusers between graphs, pixels and words.

    Args:
        parts: the trained models and the words they know.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.codec = GraphCodec(parts.vocabulary, parts.dgae.config.shape.slots)

    @torch.inference_mode()
    def text_feature(self, texts: Sequence[str]) -> Tensor:
        """c_Y of texts, (n, dim)."""
        cleaned = [clean_caption(text) for text in texts]
        ids = self.parts.clip.caption_ids(cleaned, self.parts.text_tokenizer)
        return self.parts.clip.text_features(ids)

    @torch.inference_mode()
    def image_feature(self, images: np.ndarray) -> Tensor:
        """c_I of images (n, H, W, 3) uint8, (n, dim)."""
        pixels = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        return self.parts.clip.image_features(from_uint8(pixels))

    def given(self, graphs: Sequence[SceneGraph]) -> Plans:
        """Graphs as they are."""
        arrays = self.codec.encode(graphs).arrays()
        return Plans(list(graphs), {name: torch.from_numpy(v) for name, v in arrays.items()})

    def plan(self, start: Start, options: SamplingOptions, noise: torch.Generator) -> Plans:
        """The 3DSGs that outputs are made from: the initial graphs where none is read."""
        if self.parts.sees_graph("image" if start.kind == "text" else "text"):
            return self.evolve(start, options, noise)
        return self.given(start.graphs)

    @torch.inference_mode()
    def evolve(self, start: Start, options: SamplingOptions, noise: torch.Generator) -> Plans:
        """3DSGs that initial graphs become under c."""
        tags = self.parts.dgae.decode(self._chain(start, options, noise).tokens)
        return Plans(self._decode(tags), tags)

    @torch.inference_mode()
    def trace(
        self, start: Start, options: SamplingOptions, noise: torch.Generator
    ) -> list[tuple[int, list[SceneGraph]]]:
        """Times T … 0 and the graphs that ``evolve`` holds there."""
        chain = self._chain(start, options, noise, return_trajectory=True)
        return [(time, self._decode(tags)) for time, tags in held_graphs(chain, self.parts.dgae)]

    def draw(
        self, plans: Plans, feature: Tensor, options: SamplingOptions, noise: torch.Generator
    ) -> np.ndarray:
        """Images (n, H, W, 3) uint8."""
        parts = self.parts
        images = draw_images(
            parts.dual.image,
            self._kernel("image", parts.dual.config.image.codes),
            parts.image_tokenizer,
            parts.visual_decoder,
            TokenCondition(plans.tags, feature),
            options,
            noise,
        )
        return to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()

    def write(
        self, plans: Plans, feature: Tensor, options: SamplingOptions, noise: torch.Generator
    ) -> tuple[list[str], list[float]]:
        """Texts, and how sure the decoder was of the word that it was least sure of, ln p."""
        parts = self.parts
        written = write_captions(
            parts.dual.text,
            self._kernel("text", parts.dual.config.text.codes),
            parts.text_decoder,
            TokenCondition(plans.tags, feature),
            options,
            noise,
        )
        texts = parts.text_tokenizer.decode_batch(written.ids.cpu().numpy())
        return texts, written.least_sure.tolist()

    def _chain(
        self,
        start: Start,
        options: SamplingOptions,
        noise: torch.Generator,
        return_trajectory: bool = False,
    ) -> Samples:
        dgae = self.parts.dgae
        kernel = self._kernel("graph", dgae.codes)
        given = (self.given(start.graphs).tags, start.kind, start.feature, options)
        return sample_graphs(self.parts.dual.graph, kernel, dgae, *given, noise, return_trajectory)

    def _decode(self, tags: Mapping[str, Tensor]) -> list[SceneGraph]:
        return self.codec.decode(GraphTensors(**{n: v.cpu().numpy() for n, v in tags.items()}))

    def _kernel(self, name: str, classes: int) -> Kernel:
        settings: Mapping[str, Any] = self.parts.kernels[name]
        return build_kernel(KernelConfig(classes=classes, **settings))
