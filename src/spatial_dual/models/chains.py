"""The trained parts at work on one batch: graphs evolve, images and texts are made from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spatial_dual.diffusion import Kernel, KernelConfig, Noise, Samples, build_kernel
from spatial_dual.models.code_evidence import Denied
from spatial_dual.models.generation import (
    SamplingOptions,
    decode_images,
    draw_images,
    held_graphs,
    sample_graphs,
    write_captions,
)
from spatial_dual.models.image_tokenizer import from_uint8, to_uint8
from spatial_dual.models.parts import Parts
from spatial_dual.models.token_diffuser import TokenCondition
from spatial_dual.scene.alignment import random_slots
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.tensors import GraphCodec, GraphTensors
from spatial_dual.scene.text import clean_caption

Tags = dict[str, Tensor]
Orders = list[list[int]]
"""Object index of each slot of each graph."""


@dataclass(frozen=True)
class Start:
    """Initial graphs of a kind, "text" or "image", and the features c_Y or c_I."""

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

    @property
    def by_token(self) -> bool:
        """Whether c_Y and c_I are sequences of tokens."""
        return self.parts.dual.config.condition == "tokens"

    @torch.inference_mode()
    def text_feature(self, texts: Sequence[str]) -> Tensor:
        """c_Y of texts, as the diffusers read it, see ``models.conditions``."""
        cleaned = [clean_caption(text) for text in texts]
        ids = self.parts.clip.caption_ids(cleaned, self.parts.text_tokenizer)
        clip = self.parts.clip
        return (clip.text_condition if self.by_token else clip.text_features)(ids)

    @torch.inference_mode()
    def image_feature(self, images: np.ndarray) -> Tensor:
        """c_I of images (n, H, W, 3) uint8, as the diffusers read it."""
        pixels, clip = _from_pixels(images), self.parts.clip
        return (clip.image_condition if self.by_token else clip.image_features)(pixels)

    @torch.inference_mode()
    def image_codes(self, images: np.ndarray) -> Tensor:
        """z^I of images (n, H, W, 3) uint8, (n, tokens)."""
        return self.parts.image_tokenizer.encode(_from_pixels(images))

    def text_codes(self, texts: Sequence[str]) -> Tensor:
        """z^Y of texts, (n, tokens)."""
        cleaned, length = (
            [clean_caption(text) for text in texts],
            self.parts.dual.config.text.tokens,
        )
        ids = self.parts.text_tokenizer.encode_batch(cleaned, length)
        return torch.from_numpy(ids.astype(np.int64))

    def kernel(self, name: str) -> Kernel:
        """Noising process of the "graph", "image" or "text" diffuser."""
        parts = self.parts
        sizes = parts.dual.config
        classes = {"graph": parts.dgae.codes, "image": sizes.image.codes, "text": sizes.text.codes}
        settings: Mapping[str, Any] = parts.kernels[name]
        return build_kernel(KernelConfig(classes=classes[name], **settings))

    def given(self, graphs: Sequence[SceneGraph]) -> Plans:
        """Graphs as they are, in slots drawn as in training."""
        return Plans(list(graphs), self.tags(graphs, self._slots(graphs)))

    def tags(self, graphs: Sequence[SceneGraph], orders: Orders) -> Tags:
        """Tags of graphs whose objects take these slots; see ``GraphCodec.encode``."""
        arrays = self.codec.encode(graphs, orders).arrays()
        return {name: torch.from_numpy(values) for name, values in arrays.items()}

    def plan(self, start: Start, options: SamplingOptions, noise: Noise) -> Plans:
        """The 3DSGs that outputs are made from: the initial graphs where none is read."""
        if self.parts.sees_graph("image" if start.kind == "text" else "text"):
            return self.evolve(start, options, noise)
        return self.given(start.graphs)

    @torch.inference_mode()
    def evolve(self, start: Start, options: SamplingOptions, noise: Noise) -> Plans:
        """3DSGs that initial graphs become under c."""
        orders = self._slots(start.graphs)
        tags = self.parts.dgae.decode(self._chain(start, orders, options, noise).tokens)
        return Plans(self._decode(tags, orders), tags)

    @torch.inference_mode()
    def trace(
        self, start: Start, options: SamplingOptions, noise: Noise
    ) -> list[tuple[int, list[SceneGraph]]]:
        """Times T … 0 and the graphs that ``evolve`` holds there."""
        orders = self._slots(start.graphs)
        chain = self._chain(start, orders, options, noise, return_trajectory=True)
        held = held_graphs(chain, self.parts.dgae)
        return [(time, self._decode(tags, orders)) for time, tags in held]

    def draw(
        self, plans: Plans, feature: Tensor, options: SamplingOptions, noise: Noise
    ) -> np.ndarray:
        """Images (n, H, W, 3) uint8."""
        parts = self.parts
        images = draw_images(
            parts.dual.image,
            self.kernel("image"),
            parts.image_tokenizer,
            parts.visual_decoder,
            TokenCondition(plans.tags, feature),
            options,
            noise,
        )
        return _to_pixels(images)

    @torch.inference_mode()
    def reconstruct(self, images: np.ndarray, plans: Plans) -> np.ndarray:
        """Images (n, H, W, 3) uint8 through their tokens and G_V, which reads the plans."""
        parts, codes = self.parts, self.image_codes(images)
        decoded = decode_images(parts.image_tokenizer, parts.visual_decoder, codes, plans.tags)
        return _to_pixels(decoded)

    def write(
        self, plans: Plans, feature: Tensor, options: SamplingOptions, noise: Noise
    ) -> tuple[list[str], list[float]]:
        """Texts, and how sure the decoder was of the word that it was least sure of, ln p."""
        parts = self.parts
        written = write_captions(
            parts.dual.text,
            self.kernel("text"),
            parts.text_decoder,
            TokenCondition(plans.tags, feature),
            options,
            noise,
        )
        texts = parts.text_tokenizer.decode_batch(written.ids.cpu().numpy())
        return texts, written.least_sure.tolist()

    def write_several(
        self,
        plan: Plans,
        feature: Tensor,
        options: SamplingOptions,
        noise: Sequence[torch.Generator],
    ) -> tuple[list[str], list[float]]:
        """As ``write``, a text for each ``noise``, all from one 3DSG."""
        count = len(noise)
        several = Plans(
            plan.graphs * count,
            {name: tag.repeat_interleave(count, dim=0) for name, tag in plan.tags.items()},
        )
        return self.write(several, feature.repeat_interleave(count, dim=0), options, noise)

    def _chain(
        self,
        start: Start,
        orders: Orders,
        options: SamplingOptions,
        noise: Noise,
        return_trajectory: bool = False,
    ) -> Samples:
        dgae = self.parts.dgae
        kernel = self.kernel("graph")
        given = (self.tags(start.graphs, orders), start.kind, start.feature, options)
        denials = self.codec.encode_denials(start.graphs, orders)
        denied = Denied(*map(torch.from_numpy, denials))
        diffuser = self.parts.dual.graph
        return sample_graphs(diffuser, kernel, dgae, *given, noise, return_trajectory, denied)

    def _slots(self, graphs: Sequence[SceneGraph]) -> Orders:
        """Slots of graphs, drawn as in training."""
        return [random_slots(graph, self.codec.slots) for graph in graphs]

    def _decode(self, tags: Mapping[str, Tensor], orders: Orders) -> list[SceneGraph]:
        """Graphs whose first objects are those of the initial ones."""
        arrays = {name: values.cpu().numpy() for name, values in tags.items()}
        return self.codec.decode(GraphTensors(**arrays), orders=orders)


def _from_pixels(images: np.ndarray) -> Tensor:
    """(n, 3, H, W) in −1..1 of (n, H, W, 3) uint8."""
    return from_uint8(torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))))


def _to_pixels(images: Tensor) -> np.ndarray:
    """Inverse of ``_from_pixels``."""
    pixels: np.ndarray = to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()
    return pixels
