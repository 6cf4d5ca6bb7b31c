"""CIDEr and METEOR by the COCO caption evaluation, where its package is installed."""

import shutil
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from spatial_dual.metrics.captions import caption_tokens

PACKAGE = "pycocoevalcap"
NO_PACKAGE = f"no {PACKAGE}: pip install 'spatial-dual[captions]'"
NO_JAVA = "METEOR of the COCO caption evaluation needs Java"
_SCORERS = {"cider": "cider.cider.Cider", "meteor": "meteor.meteor.Meteor"}


def coco_scores(
    captions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, float | str]:
    """``cider`` (Vedantam et al. 2015) and ``meteor`` (Banerjee and Lavie 2005), times 100.

    A reason in the place of a figure that cannot be had. Words are those of BLEU4.

    Args:
        captions: to judge.
        references: at least one for each caption.
    """
    if find_spec(PACKAGE) is None:
        return dict.fromkeys(_SCORERS, NO_PACKAGE)
    said = {k: [_spaced(text)] for k, text in enumerate(captions)}
    known = {k: [_spaced(text) for text in group] for k, group in enumerate(references)}

    def score(name: str) -> float | str:
        if name == "meteor" and not shutil.which("java"):
            return NO_JAVA
        module, _, scorer = _SCORERS[name].rpartition(".")
        figure, _ = getattr(import_module(f"{PACKAGE}.{module}"), scorer)().compute_score(
            known, said
        )
        return 100 * float(figure)

    return {name: score(name) for name in _SCORERS}


def _spaced(text: str) -> str:
    return " ".join(caption_tokens(text))
