"""The part of GPT-2's vocabulary that captions use: the K text codes of a published G_T.

A byte-level BPE makes each token by one merge of two others. Keeping, with a token, all that it is
made of leaves a BPE that cuts the training captions as the whole one does, and anything else into
smaller pieces, at the smallest into bytes: no text is unknown to it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tokenizers import Tokenizer

Merges = Mapping[str, tuple[str, str]]


def load_words(name: str) -> Tokenizer:
    """The whole tokenizer of a GPT-2 checkpoint, by hub name or local folder.

    Raises:
        ValueError: nothing there, or no byte-level BPE; says why.
    """
    from transformers import AutoTokenizer

    from spatial_dual.perception.hub.checkpoints import pretrained

    loaded = pretrained(AutoTokenizer.from_pretrained, name, "tokens.text.pretrained")
    tokenizer: Tokenizer = loaded.backend_tokenizer
    told = json.loads(tokenizer.to_str())
    if told["model"]["type"] != "BPE" or "ByteLevel" not in json.dumps(told["pre_tokenizer"]):
        raise ValueError(f"tokens.text.pretrained {name!r}: its tokenizer is no byte-level BPE")
    return tokenizer


def used_words(
    whole: Tokenizer, captions: Iterable[str], limit: int
) -> tuple[list[str], list[tuple[str, str]]]:
    """Tokens, in the order of their numbers, and merges that the captions need.

    Args:
        whole: a byte-level BPE.
        captions: of the training split.
        limit: tokens kept at most; the most frequent ones come first.

    Raises:
        ValueError: the limit does not hold the 256 bytes.
    """
    told = json.loads(whole.to_str())["model"]
    merges = [_pair(merge) for merge in told["merges"]]
    made_of = {left + right: (left, right) for left, right in reversed(merges)}
    numbers: dict[str, int] = told["vocab"]
    kept = {token for token in numbers if len(token) == 1}
    if len(kept) > limit:
        raise ValueError(f"vocabulary_size {limit} does not hold the {len(kept)} single bytes")
    counts: Counter[int] = Counter()
    for text in captions:
        counts.update(whole.encode(text, add_special_tokens=False).ids)
    names = {number: token for token, number in numbers.items()}
    for number, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        needed = _pieces(names[number], made_of) - kept
        if len(kept) + len(needed) > limit:
            break
        kept |= needed
    tokens = sorted(kept, key=numbers.__getitem__)
    return tokens, [pair for pair in merges if pair[0] + pair[1] in kept and set(pair) <= kept]


def _pieces(token: str, made_of: Merges) -> set[str]:
    """The token, and all that it is made of."""
    pieces, open_ones = set(), [token]
    while open_ones:
        piece = open_ones.pop()
        pieces.add(piece)
        open_ones += made_of.get(piece, ())
    return pieces


def _pair(merge: Any) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right
