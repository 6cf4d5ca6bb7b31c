"""Nodes of ``evaluate`` that read texts: what they state, BLEU4 and SPICE."""

from typing import Any

from spatial_dual.pipelines.reading import rows_of
from spatial_dual.pipelines.types import Records, Stated

Parameters = dict[str, Any]
Figures = dict[str, Any]


def parse_texts(
    samples: Records, scenes: Records, descriptions: Records, parsing: Parameters
) -> Stated:
    """Graphs of all texts that later nodes compare, parsed once.

    ``captions`` drawn from and ``descriptions``, one a sample; ``references``, the captions of the
    described record, a list a sample; ``redescribed``, descriptions of the first drawings.
    """
    from spatial_dual.metrics.statements import stated_graphs
    from spatial_dual.parsing.default import parser_of

    parser = parser_of("stanza", parsing)
    references = scenes.values("captions", rows_of(samples, scenes))
    flat = iter(stated_graphs([text for texts in references for text in texts], parser))
    return {
        "captions": stated_graphs(samples.values("caption"), parser),
        "descriptions": stated_graphs(samples.values("description"), parser),
        "references": [[next(flat) for _ in texts] for texts in references],
        "redescribed": stated_graphs(descriptions.values("description"), parser),
    }


def evaluate_texts(
    samples: Records, scenes: Records, stated: Stated, parameters: Parameters
) -> tuple[Figures, Figures]:
    """BLEU4, SPICE, CIDEr, METEOR of descriptions against the record's captions; and the card."""
    from spatial_dual.metrics.captions import TOKENISATION, bleu4
    from spatial_dual.metrics.coco import coco_scores
    from spatial_dual.metrics.spice import Spice
    from spatial_dual.metrics.synonyms import load_synonyms
    from spatial_dual.metrics.undefined import figure_or_reason

    texts = samples.values("description")
    references = scenes.values("captions", rows_of(samples, scenes))
    synonyms = load_synonyms(parameters["wordnet"])
    scores = Spice(synonyms).score(stated["descriptions"], stated["references"])
    card = {
        "descriptions": len(texts),
        "references": f"all captions of the record, {min(map(len, references), default=0)} or more",
        "bleu_tokenisation": TOKENISATION,
        "bleu": "sacrebleu, corpus, 4-grams, no smoothing, closest reference length",
        "spice_parser": "caption grammar, else the text parser; no Java",
        "spice_synonyms": synonyms.name,
    }
    figures = {
        "bleu4": figure_or_reason(lambda: bleu4(texts, references)),
        "spice": figure_or_reason(lambda: Spice.corpus(scores)),
    }
    return figures | coco_scores(texts, references), card
