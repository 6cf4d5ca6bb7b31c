"""Decoders that read a modality's latents together with the 3DSG's (paper Eq. 4-6, 12)."""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.gpt import build_gpt
from spatial_dual.models.graph_nodes import GraphTokens, NodeShape, Tags
from spatial_dual.models.image_tokenizer import (
    ImageTokenizer,
    PixelConfig,
    pixel_config,
    pixel_decoder,
    token_grid,
)
from spatial_dual.models.text_tokenizer import BOS_ID, PAD_ID


@dataclass(frozen=True)
class VisualDecoderConfig:
    """Sizes of the visual decoder; ``patches`` describes the tokenizer's own decoder.

    ``sees_graph`` False leaves z^I alone, without the attended graph vectors.
    """

    shape: NodeShape
    patches: PixelConfig
    sees_graph: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.shape, NodeShape):
            object.__setattr__(self, "shape", NodeShape(**self.shape))
        object.__setattr__(self, "patches", pixel_config(self.patches))


class VisualDecoder(nn.Module):
    """G_V: pixels from image latents joined with the graph vectors they attend to."""

    Config = VisualDecoderConfig

    def __init__(self, config: VisualDecoderConfig) -> None:
        super().__init__()
        self.config = config
        patches = config.patches
        self.graph = GraphTokens(config.shape, patches.dim) if config.sees_graph else None
        self.decoder = pixel_decoder(patches, (1 + config.sees_graph) * patches.dim)

    def start_from(self, tokenizer: ImageTokenizer) -> None:
        """Take over the tokenizer's decoder; the graph half enters with zero weight."""
        own: Any = self.decoder  # both are of the shape that ``patches`` says
        own.copy_from(tokenizer.decoder)

    def attended(self, latents: Tensor, tags: Tags) -> Tensor:
        """z^{I+} (batch, tokens, 2d) of image latents z^I (batch, tokens, d).

        a_im = softmax_m(z^G[m] · z^I[i]);  z^{I+}[i] = concat(z^I[i], Σ_m a_im z^G[m])   (4, 5)
        """
        if self.graph is None:
            return latents
        nodes, valid = self.graph(tags)
        return join_attended(latents, nodes.to(latents.dtype), valid)

    def forward(self, latents: Tensor, tags: Tags) -> Tensor:
        """Images (batch, 3, H, W), about -1..1, of image latents and the graph's tags."""
        images: Tensor = self.decoder(token_grid(self.attended(latents, tags)))
        return images


def join_attended(latents: Tensor, nodes: Tensor, valid: Tensor) -> Tensor:
    """Concatenate each latent with its attention-weighted mean of graph vectors (Eq. 4, 5).

    Args:
        latents: z^I (batch, tokens, d).
        nodes: z^G (batch, nodes, d).
        valid: which nodes exist, (batch, nodes) bool; a graph without nodes contributes zeros.
    """
    scores = latents @ nodes.transpose(1, 2)  # (b, tokens, nodes)
    weights = scores.float().masked_fill(~valid[:, None], -1e4).softmax(dim=-1)
    weights = weights * valid[:, None]
    return torch.cat([latents, weights.to(nodes.dtype) @ nodes], dim=-1)


@dataclass(frozen=True)
class TextDecoderConfig:
    """Sizes of the GPT-2 that turns text codes and, if it ``sees_graph``, nodes into words."""

    shape: NodeShape
    vocabulary_size: int
    length: int
    dim: int = 128
    depth: int = 3
    heads: int = 4
    sees_graph: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.shape, NodeShape):
            object.__setattr__(self, "shape", NodeShape(**self.shape))
        if self.vocabulary_size < 4 or self.length < 3:
            raise ValueError(
                "vocabulary_size must be at least 4 and length at least 3, got "
                f"{self.vocabulary_size} and {self.length}"
            )


class TextDecoder(nn.Module):
    """G_T: Ŷ = GPT-2([z^Y ; z^G])   (6)."""

    Config = TextDecoderConfig

    def __init__(self, config: TextDecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.graph = GraphTokens(config.shape, config.dim) if config.sees_graph else None
        self.codes = nn.Embedding(config.vocabulary_size + 1, config.dim)  # with the mask state
        self.no_node = nn.Parameter(torch.zeros(config.dim))
        positions = 2 * config.length + (self.graph.tokens if self.graph else 0)
        self.gpt = build_gpt(
            config.vocabulary_size, positions, config.dim, config.depth, config.heads
        )

    def forward(self, codes: Tensor, tags: Tags, text: Tensor) -> Tensor:
        """Logits (batch, length, vocabulary) of each next token of ``text`` (batch, length)."""
        prefix = self._prefix(codes, tags)
        inputs = torch.cat([prefix, self.gpt.transformer.wte(text)], dim=1)
        output = self.gpt(inputs_embeds=inputs)
        logits: Tensor = output.logits[:, prefix.shape[1] :]
        return logits

    @torch.no_grad()
    def generate(self, codes: Tensor, tags: Tags) -> Tensor:
        """Greedy decoding: token ids (batch, ≤ length), starting after bos, ended by eos."""
        start = torch.full((len(codes), 1), BOS_ID, device=codes.device)
        inputs = torch.cat([self._prefix(codes, tags), self.gpt.transformer.wte(start)], dim=1)
        seen = torch.ones(inputs.shape[:2], dtype=torch.long, device=codes.device)
        gpt: Any = self.gpt  # the stub of ``generate`` types ``self`` too narrowly
        ids = gpt.generate(
            inputs_embeds=inputs,
            attention_mask=seen,
            max_new_tokens=self.config.length - 1,
            do_sample=False,
            pad_token_id=PAD_ID,
        )
        return cast(Tensor, ids)

    def _prefix(self, codes: Tensor, tags: Tags) -> Tensor:
        """[z^Y ; z^G]; a node that is not there keeps its place, so positions stay fixed."""
        if self.graph is None:
            embedded: Tensor = self.codes(codes)
            return embedded
        nodes, there = self.graph(tags)
        nodes = torch.where(there[..., None], nodes, self.no_node)
        return torch.cat([self.codes(codes), nodes], dim=1)


def next_token_loss(logits: Tensor, text: Tensor) -> Tensor:
    """Mean −ln p(text[i + 1] | text[..i]) in nats over real tokens; logits (batch, length, K)."""
    target = text[:, 1:]
    nats = F.cross_entropy(logits[:, :-1].float().transpose(1, 2), target, reduction="none")
    real = target != PAD_ID
    return (nats * real).sum() / real.sum().clamp_min(1)
