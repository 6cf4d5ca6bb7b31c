"""The words that say a node's tag (paper: every node has "a textual tag and its embedding").

A text model that reads graph nodes by the embeddings of its own words can copy a tag by attention
from the first step on; tables of their own would first have to learn what each tag is called.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor, nn

from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID, PAD_ID, TextTokenizer
from spatial_dual.scene.tensors import GraphCodec

Words = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class TagWords:
    """Token ids of each tag, tag 0 ("none") first and without words; plain JSON types only.

    Attributes:
        labels: of the object tags.
        attributes: of the attribute tags, one kind after the other.
        predicates: of the directed predicates of a pair; a reversed one has no words.
        places: of the place tags.
    """

    labels: Words
    attributes: Words
    predicates: Words
    places: Words

    def __post_init__(self) -> None:
        for field in fields(self):  # JSON gives lists
            words = tuple(tuple(ids) for ids in getattr(self, field.name))
            object.__setattr__(self, field.name, words)

    @classmethod
    def of(cls, codec: GraphCodec, tokenizer: TextTokenizer) -> Self:
        """Words of all tags of ``codec`` as ``tokenizer`` writes them."""
        vocabulary = codec.vocabulary
        kinds = (("", *words) for words in vocabulary.attributes.values())
        tags = (
            ("", *vocabulary.labels),
            [word for kind in kinds for word in kind],
            ["" if is_reversed else predicate for predicate, is_reversed in codec.states],
            ("", *vocabulary.places),
        )
        return cls(*(_token_ids(texts, tokenizer) for texts in tags))


class SaidTags(nn.Module):
    """Mean word embedding of every tag, from the table of a text model.

    ``forward(table)`` maps (vocabulary, dim) to four tables (tags, dim), in the order of
    ``TagWords``; a tag without words is zero.
    """

    def __init__(self, words: TagWords) -> None:
        super().__init__()
        self.groups = [field.name for field in fields(words)]
        for name in self.groups:
            self.register_buffer(name, _padded(getattr(words, name)), persistent=False)

    def forward(self, table: Tensor) -> list[Tensor]:
        """Look up the words of all tags."""
        return [_mean_words(table, self.get_buffer(name)) for name in self.groups]


def _mean_words(table: Tensor, ids: Tensor) -> Tensor:
    there = ids != PAD_ID  # (tags, longest)
    embedded = table[ids] * there[..., None]
    return embedded.sum(dim=1) / there.sum(dim=1, keepdim=True).clamp_min(1)


def _padded(words: Words) -> Tensor:
    longest = max(1, *map(len, words))
    return torch.tensor([[*ids, *[PAD_ID] * (longest - len(ids))] for ids in words])


def _token_ids(texts: Sequence[str], tokenizer: TextTokenizer) -> Words:
    longest = 2 + max(len(text.encode()) for text in texts)  # bos and eos; never cut
    rows: Iterable[list[int]] = tokenizer.encode_batch(texts, max(3, longest)).tolist()
    outside = (PAD_ID, BOS_ID, EOS_ID)
    return tuple(tuple(i for i in row if i not in outside) for row in rows)
