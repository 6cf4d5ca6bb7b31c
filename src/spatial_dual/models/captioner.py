"""Encoder-decoder captioner p_φ(Y | c_I ⊕ c_G) in the place of the text diffuser (Table 7's OFA).

It reads what the text diffuser reads, the 3DSG and c_I, and writes word by
word, so its likelihood is exact where the diffuser's is a bound.
"""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BartConfig, BartForConditionalGeneration

from spatial_dual.models.attention import check_heads
from spatial_dual.models.conditions import condition_tokens
from spatial_dual.models.finite import NumbersAlone
from spatial_dual.models.graph_nodes import GraphTokens, NodeShape
from spatial_dual.models.tag_words import TagWords
from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID, PAD_ID
from spatial_dual.models.token_diffuser import TokenCondition


@dataclass(frozen=True)
class CaptionerConfig:
    """Sizes of the captioner.

    Attributes:
        shape: tag spaces of the graphs.
        codes: K, words.
        tokens: longest caption, with bos and eos.
        condition_dim: width of c_I.
        dim: width of encoder and decoder.
        depth: layers of each.
        heads: of each attention.
        words: of the graphs' tags.
    """

    shape: NodeShape
    words: TagWords
    codes: int
    tokens: int
    condition_dim: int
    dim: int = 160
    depth: int = 2
    heads: int = 5

    def __post_init__(self) -> None:
        if not isinstance(self.shape, NodeShape):
            object.__setattr__(self, "shape", NodeShape(**self.shape))
        if not isinstance(self.words, TagWords):
            object.__setattr__(self, "words", TagWords(**self.words))
        check_heads(self.dim, self.heads)


@dataclass(frozen=True)
class Captions:
    """What the captioner says of a batch of given captions.

    Attributes:
        nats: −ln p(Y | c_I, c_G) of each whole caption, (batch,).
        tokens: words that were predicted in each, eos included, (batch,).
        hidden: decoder states (batch, tokens, dim), the "intermediate features".
    """

    nats: Tensor
    tokens: Tensor
    hidden: Tensor


class Captioner(nn.Module):
    """A small BART over graph nodes and c_I; padding is never predicted."""

    Config = CaptionerConfig

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__()
        self.config = config
        self.graph = GraphTokens(config.shape, config.dim, config.words)
        self.feature = nn.Linear(config.condition_dim, config.dim)
        self.bart = BartForConditionalGeneration(
            BartConfig(
                vocab_size=config.codes,
                max_position_embeddings=config.tokens,
                d_model=config.dim,
                encoder_layers=config.depth,
                decoder_layers=config.depth,
                encoder_attention_heads=config.heads,
                decoder_attention_heads=config.heads,
                encoder_ffn_dim=4 * config.dim,
                decoder_ffn_dim=4 * config.dim,
                dropout=0.0,
                attention_dropout=0.0,
                pad_token_id=PAD_ID,
                bos_token_id=BOS_ID,
                eos_token_id=EOS_ID,
                decoder_start_token_id=BOS_ID,
                forced_eos_token_id=None,
            )
        )

        bart: Any = self.bart
        bart.model.encoder.embed_positions = _NoPositions()

    def forward(self, text: Tensor, condition: TokenCondition) -> Captions:
        """Score captions (batch, tokens) that start with bos."""
        inputs, seen = self._encoder_inputs(condition)
        bart: Any = self.bart
        hidden = bart.model(
            inputs_embeds=inputs, attention_mask=seen, decoder_input_ids=text
        ).last_hidden_state
        logits = bart.lm_head(hidden[:, :-1]) + bart.final_logits_bias
        target = text[:, 1:]
        nats = F.cross_entropy(logits.float().transpose(1, 2), target, reduction="none")
        real = target != PAD_ID
        return Captions((nats * real).sum(dim=1), real.sum(dim=1), hidden)

    @torch.no_grad()
    def generate(self, condition: TokenCondition) -> Tensor:
        """Greedy decoding: token ids (batch, ≤ tokens) from bos on, ended by eos.

        Raises:
            FloatingPointError: logits are NaN or infinite.
        """
        inputs, seen = self._encoder_inputs(condition)
        bart: Any = self.bart  # the stub of ``generate`` types ``self`` too narrowly
        ids = bart.generate(
            inputs_embeds=inputs,
            attention_mask=seen,
            max_new_tokens=self.config.tokens - 1,
            do_sample=False,
            num_beams=1,
            logits_processor=NumbersAlone.only("the captioner"),
        )
        return cast(Tensor, ids)

    def _encoder_inputs(self, condition: TokenCondition) -> tuple[Tensor, Tensor]:
        """[c_I ; c_G] and which of it is there."""
        bart: Any = self.bart
        nodes, there = self.graph(condition.tags, bart.model.shared.weight)
        tokens, known = condition_tokens(condition.feature)
        read = self.feature(tokens.to(self.feature.weight.dtype))
        return torch.cat([read, nodes], dim=1), torch.cat([known, there], dim=1).long()


class _NoPositions(nn.Module):
    """Positions of the encoder's inputs, which are a set: the number of a slot means nothing."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Nothing to add."""
        return inputs.new_zeros(())
