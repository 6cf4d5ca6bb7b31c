"""Start of the text decoder G_T from a published GPT-2."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel

from spatial_dual.models.decoders import TextDecoder
from spatial_dual.models.published_words import load_words
from spatial_dual.models.text_tokenizer import SPECIAL_TOKENS, TextTokenizer
from spatial_dual.perception.hub.checkpoints import pretrained, pretrained_model

WHAT = "alignment.text_decoder.pretrained"
_SAME = (
    "activation_function",
    "n_inner",
    "layer_norm_epsilon",
    "scale_attn_weights",
    "scale_attn_by_inverse_layer_idx",
    "tie_word_embeddings",
)


def start_from_gpt2(decoder: TextDecoder, name: str, words: TextTokenizer) -> None:
    """Give ``decoder`` the checkpoint's layers and the vectors of its own words and positions.

    Text codes z^Y enter as the same word vectors, the mask as their mean. Special tokens take the
    vector of the checkpoint's end of text.

    Args:
        decoder: with the checkpoint's width, layers and heads.
        name: of a ``GPT2LMHeadModel``, a hub name or a local folder.
        words: the decoder's tokenizer; the checkpoint must know its words.

    Raises:
        ValueError: no such checkpoint, or one with other sizes or words; says which.
    """
    _check_sizes(decoder, name)
    gpt: Any = pretrained_model(GPT2LMHeadModel, name, WHAT)
    rows = _rows(words, name, gpt.config.eos_token_id)
    own: Any = decoder.gpt.transformer
    published = gpt.transformer
    own.h.load_state_dict(published.h.state_dict())
    own.ln_f.load_state_dict(published.ln_f.state_dict())
    table = published.wte.weight[rows]
    _fill(own.wte, table)
    _fill(own.wpe, published.wpe.weight[: own.wpe.num_embeddings])
    with torch.no_grad():
        decoder.masked.copy_(table.mean(dim=0))


def _check_sizes(decoder: TextDecoder, name: str) -> None:
    if decoder.config.cross_attention:
        raise ValueError(
            f"{WHAT} {name!r} knows no cross-attention; set "
            "alignment.text_decoder.model.cross_attention to false"
        )
    own: Any = decoder.gpt.config
    told: Any = pretrained(GPT2Config.from_pretrained, name, WHAT)
    for key in ("n_embd", "n_layer", "n_head", *_SAME):
        if getattr(told, key) != getattr(own, key):
            raise ValueError(
                f"{WHAT} {name!r} has {key} {getattr(told, key)}, the text decoder "
                f"{getattr(own, key)}; alignment.text_decoder.model must have the checkpoint's "
                "dim, depth and heads"
            )
    if told.n_positions < own.n_positions:
        raise ValueError(
            f"{WHAT} {name!r} has {told.n_positions} positions, text codes, graph and words take "
            f"{own.n_positions}; lower tokens.text.length or dgae.slots"
        )


def _rows(words: TextTokenizer, name: str, end: int) -> list[int]:
    known = load_words(name).get_vocab()
    rows = [end if word in SPECIAL_TOKENS else known.get(word, -1) for word in words.words]
    if -1 in rows:
        raise ValueError(
            f"{WHAT} {name!r} does not know the word {words.words[rows.index(-1)]!r}; "
            "tokens.text.pretrained must name the same GPT-2"
        )
    return rows


@torch.no_grad()
def _fill(table: nn.Embedding, rows: Tensor) -> None:
    table.weight.copy_(rows)
