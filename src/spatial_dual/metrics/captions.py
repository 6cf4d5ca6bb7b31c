"""BLEU of captions against several references, in the tokenisation of the captioning literature."""

import re
from collections.abc import Sequence
from itertools import zip_longest

PUNCTUATION = frozenset(["''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";"])
"""Tokens that the COCO caption evaluation drops; brackets and quotes are handled likewise."""
_DROPPED = PUNCTUATION | frozenset('"()[]{}“”‘’')
_TOKEN = re.compile(r"\w+(?=n't\b)|n't\b|'(?:s|m|d|re|ve|ll)\b|\w+(?:[-./]\w+)*|\S")
TOKENISATION = "lower case, Penn Treebank words, punctuation dropped (as COCO caption evaluation)"


def caption_tokens(text: str) -> list[str]:
    """Words of a caption: lower case, "dog's" → dog 's, "isn't" → is n't, no punctuation."""
    return [token for token in _TOKEN.findall(text.lower()) if token not in _DROPPED]


def bleu4(captions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU-4 in 0..100 by sacrebleu, unsmoothed, closest reference length.

    Args:
        captions: to judge.
        references: any number, at least one, for each caption.

    Raises:
        ValueError: not as many groups of references as captions, or a group without any.
    """
    from sacrebleu.metrics import BLEU

    if len(captions) != len(references) or not all(references):
        raise ValueError(
            f"{len(captions)} captions need as many groups of at least one reference, got "
            f"{len(references)} groups, {sum(not group for group in references)} of them empty"
        )
    metric = BLEU(tokenize="none", force=True, smooth_method="none")
    spaced = [[_spaced(text) for text in group] for group in references]
    streams = [list(stream) for stream in zip_longest(*spaced)]
    return float(metric.corpus_score([_spaced(text) for text in captions], streams).score)


def _spaced(text: str) -> str:
    return " ".join(caption_tokens(text))
