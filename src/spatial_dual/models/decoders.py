"""Decoders that read a modality's latents together with the 3DSG's (paper Eq. 4-6, 12)."""

from dataclasses import dataclass
from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.finite import NumbersAlone
from spatial_dual.models.gpt import build_gpt
from spatial_dual.models.graph_nodes import GraphTokens, NodeShape, Tags
from spatial_dual.models.image_tokenizer import (
    ImageTokenizer,
    PixelConfig,
    pixel_config,
    pixel_decoder,
    token_grid,
)
from spatial_dual.models.tag_words import TagWords
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
class Written:
    """Texts as token ids.

    Attributes:
        ids: (batch, ≤ length), ended by eos.
        least_sure: ln p of the word of each text that its writer was least sure of, (batch,).
    """

    ids: Tensor
    least_sure: Tensor

    @classmethod
    def unrated(cls, ids: Tensor) -> Self:
        """Texts of a writer that does not say how sure it was."""
        return cls(ids, torch.zeros(len(ids), device=ids.device))


@dataclass(frozen=True)
class TextDecoderConfig:
    """Sizes of the GPT-2 that turns text codes and graph nodes into words.

    Attributes:
        shape: tag spaces of the graphs.
        words: of the graphs' tags.
        vocabulary_size: K, text codes and words.
        length: of the text codes z^Y and of the texts, with bos and eos.
        dim: width; ``depth`` layers of ``heads`` each.
        sees_graph: whether z^G is read beside z^Y.
        cross_attention: whether [z^Y ; z^G] is looked at by every layer, or stands before the
            words as a prefix, as in the paper. On the CPU a step takes a third of the time, since
            only words pass through the layers, and after 300 steps .45 of the stated triplets were
            true, .31 by the prefix; published GPT-2 weights know no cross-attention.
    """

    shape: NodeShape
    words: TagWords
    vocabulary_size: int
    length: int
    dim: int = 128
    depth: int = 3
    heads: int = 4
    sees_graph: bool = True
    cross_attention: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.shape, NodeShape):
            object.__setattr__(self, "shape", NodeShape(**self.shape))
        if not isinstance(self.words, TagWords):
            object.__setattr__(self, "words", TagWords(**self.words))
        if self.vocabulary_size < 4 or self.length < 3:
            raise ValueError(
                "vocabulary_size must be at least 4 and length at least 3, got "
                f"{self.vocabulary_size} and {self.length}"
            )


class TextDecoder(nn.Module):
    """G_T: Ŷ = GPT-2([z^Y ; z^G])   (6).

    Codes and tags are embedded by the words that they stand for, see ``TagWords``.
    """

    Config = TextDecoderConfig

    def __init__(self, config: TextDecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.graph = (
            GraphTokens(config.shape, config.dim, config.words) if config.sees_graph else None
        )
        self.masked = nn.Parameter(torch.zeros(config.dim))  # the mask state of a code
        self.no_node = nn.Parameter(torch.zeros(config.dim))
        self.norm = nn.LayerNorm(config.dim) if config.cross_attention else nn.Identity()
        read = config.length + (self.graph.tokens if self.graph else 0)
        self.gpt = build_gpt(
            config.vocabulary_size,
            config.length + (0 if config.cross_attention else read),
            config.dim,
            config.depth,
            config.heads,
            config.cross_attention,
        )

    def forward(self, codes: Tensor, tags: Tags, text: Tensor) -> Tensor:
        """Logits (batch, length, vocabulary) of each next token of ``text`` (batch, length)."""
        given = self._given(codes, tags)
        if self.config.cross_attention:
            logits: Tensor = self.gpt(input_ids=text, **given).logits
            return logits
        prefix = given["inputs_embeds"]
        inputs = torch.cat([prefix, self.gpt.transformer.wte(text)], dim=1)
        after: Tensor = self.gpt(inputs_embeds=inputs).logits[:, prefix.shape[1] :]
        return after

    @torch.no_grad()
    def generate(self, codes: Tensor, tags: Tags) -> Written:
        """Greedy decoding of texts that eos ends.

        Raises:
            FloatingPointError: logits are NaN or infinite.
        """
        start = torch.full((len(codes), 1), BOS_ID, device=codes.device)
        given = self._given(codes, tags)
        if self.config.cross_attention:
            given["input_ids"] = start
        else:
            words = self.gpt.transformer.wte(start)
            given["inputs_embeds"] = torch.cat([given["inputs_embeds"], words], dim=1)
        begun = given.get("inputs_embeds", start)
        gpt: Any = self.gpt  # the stub of ``generate`` types ``self`` too narrowly
        written = gpt.generate(
            **given,
            attention_mask=torch.ones(begun.shape[:2], dtype=torch.long, device=codes.device),
            max_new_tokens=self.config.length - 1,
            do_sample=False,
            pad_token_id=PAD_ID,
            logits_processor=NumbersAlone.only("the text decoder"),
            output_scores=True,
            return_dict_in_generate=True,
        )
        ids = cast(Tensor, written.sequences)
        sure = gpt.compute_transition_scores(ids, written.scores, normalize_logits=True)
        said = ids[:, -sure.shape[1] :] != PAD_ID
        return Written(ids, torch.where(said, sure, 0).amin(dim=1))

    def _given(self, codes: Tensor, tags: Tags) -> dict[str, Tensor]:
        """[z^Y ; z^G] as the arguments by which the GPT-2 reads them."""
        table: Tensor = self.gpt.transformer.wte.weight
        embedded = F.embedding(codes, torch.cat([table, self.masked[None]]))
        if self.config.cross_attention:  # a prefix gets its positions from the GPT-2
            embedded = embedded + self.gpt.transformer.wpe.weight[: codes.shape[1]]
        there = torch.ones_like(codes, dtype=torch.bool)
        if self.graph is not None:
            nodes, exist = self.graph(tags, table)
            # a node that is not there keeps its place, so positions stay fixed
            nodes = torch.where(exist[..., None], nodes, self.no_node)
            embedded = torch.cat([embedded, nodes], dim=1)
            there = torch.cat([there, exist], dim=1)
        read = self.norm(embedded)
        if not self.config.cross_attention:
            return {"inputs_embeds": read}
        return {"encoder_hidden_states": read, "encoder_attention_mask": there.long()}


def next_token_loss(logits: Tensor, text: Tensor) -> Tensor:
    """Mean −ln p(text[i + 1] | text[..i]) in nats over real tokens; logits (batch, length, K)."""
    target = text[:, 1:]
    real = target != PAD_ID
    # only real tokens, and classes last: several times faster
    nats = F.cross_entropy(logits[:, :-1][real].float(), target[real], reduction="sum")
    return nats / real.sum().clamp_min(1)
