"""BLEU of captions against several references, in the tokenisation of the captioning literature."""

import re
from collections.abc import Sequence
from itertools import chain, zip_longest

from spatial_dual.metrics.undefined import UndefinedMetricError

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

    Without four words in a row on either side the precision of 4-grams is 0 / 0 or cannot but be
    0: no figure then, not even for equal texts.

    Args:
        captions: to judge.
        references: any number, at least one, for each caption.

    Raises:
        ValueError: not as many groups of references as captions, or a group without any.
        UndefinedMetricError: no caption, or no reference, has four words.
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
    hypotheses = [_spaced(text) for text in captions]
    for side, texts in (("caption", hypotheses), ("reference", chain(*spaced))):
        if not any(text.count(" ") >= 3 for text in texts):
            raise UndefinedMetricError(f"BLEU-4 needs a {side} of at least four words")
    # rounding takes equal texts a little above 100
    return min(100.0, float(metric.corpus_score(hypotheses, streams).score))


def _spaced(text: str) -> str:
    return " ".join(caption_tokens(text))
