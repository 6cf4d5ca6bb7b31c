"""CIDEr and METEOR by the COCO caption evaluation, where its package is installed."""

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec

from spatial_dual.metrics.captions import caption_tokens
from spatial_dual.metrics.undefined import UndefinedMetricError, check_finite, figure_or_reason

PACKAGE = "pycocoevalcap"
NO_PACKAGE = f"no {PACKAGE}: pip install 'spatial-dual[captions]'"
NO_JAVA = "METEOR of the COCO caption evaluation needs Java"
Texts = Mapping[int, list[str]]
_SCORERS = {"cider": "cider.cider.Cider", "meteor": "meteor.meteor.Meteor"}


def coco_scores(
    captions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, float | str]:
    """``cider`` (Vedantam et al. 2015) and ``meteor`` (Banerjee and Lavie 2005), times 100.

    A reason in the place of a figure that cannot be had. Words are those of BLEU4.

    Args:
        captions: to judge.
        references: at least one for each caption.

    Raises:
        ValueError: not as many groups of references as captions, or a group without any.
    """
    if len(captions) != len(references) or not all(references):
        raise ValueError(
            f"{len(captions)} captions need as many groups of at least one reference, got "
            f"{len(references)} groups"
        )
    if find_spec(PACKAGE) is None:
        return dict.fromkeys(_SCORERS, NO_PACKAGE)
    texts = {k: [_spaced(text)] for k, text in enumerate(captions)}
    known = {k: [_spaced(text) for text in group] for k, group in enumerate(references)}
    return {name: figure_or_reason(partial(_score, name, texts, known)) for name in _SCORERS}


def _score(name: str, texts: Texts, references: Texts) -> float:
    if name == "meteor" and not shutil.which("java"):
        raise UndefinedMetricError(NO_JAVA)
    if not texts:
        raise UndefinedMetricError("no captions")
    # CIDEr weighs words by how few pictures they are said of; else all weights are 0
    if name == "cider" and len({frozenset(group) for group in references.values()}) < 2:
        raise UndefinedMetricError("CIDEr needs pictures with different references")
    module, _, scorer = _SCORERS[name].rpartition(".")
    figure, _ = getattr(import_module(f"{PACKAGE}.{module}"), scorer)().compute_score(
        references, texts
    )
    check_finite([figure], name)
    return 100 * float(figure)


def _spaced(text: str) -> str:
    return " ".join(caption_tokens(text))
