"""Nodes of ``evaluate`` that read texts: what they state, BLEU4 and SPICE."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from spatial_dual.metrics.compositions import by_composition
from spatial_dual.pipelines.reading import new_rows, rows_of
from spatial_dual.pipelines.types import Records, Stated

Parameters = dict[str, Any]
Figures = dict[str, Any]


def parse_texts(
    samples: Records, scenes: Records, descriptions: Records, parsing: Parameters
) -> Stated:
    """Graphs of all texts that later nodes compare, parsed once.

    ``captions`` drawn from, single ``descriptions`` and ``system_descriptions``, one a sample;
    ``references``, the captions of the described record, a list a sample; ``redescribed``,
    descriptions of the first drawings.
    """
    from spatial_dual.metrics.statements import stated_graphs
    from spatial_dual.parsing.default import parser_of

    parser = parser_of("stanza", parsing)
    references = scenes.values("captions", rows_of(samples, scenes))
    flat = iter(stated_graphs([text for texts in references for text in texts], parser))
    return {
        "captions": stated_graphs(samples.values("caption"), parser),
        "descriptions": stated_graphs(samples.values("description"), parser),
        "system_descriptions": stated_graphs(samples.values("system_description"), parser),
        "references": [[next(flat) for _ in texts] for texts in references],
        "redescribed": stated_graphs(descriptions.values("description"), parser),
    }


def evaluate_texts(
    samples: Records,
    scenes: Records,
    stated: Stated,
    compositions: Figures,
    parameters: Parameters,
) -> tuple[Figures, Figures]:
    """BLEU4, SPICE, CIDEr, METEOR of descriptions against the record's captions; and the card.

    Of single descriptions, and of those that the model chooses under ``system``.
    """
    from spatial_dual.metrics.captions import TOKENISATION, bleu4
    from spatial_dual.metrics.coco import coco_scores
    from spatial_dual.metrics.spice import Spice
    from spatial_dual.metrics.synonyms import load_synonyms
    from spatial_dual.metrics.undefined import figure_or_reason

    references = scenes.values("captions", rows_of(samples, scenes))
    synonyms = load_synonyms(parameters["wordnet"])
    new, found = new_rows(compositions, samples), {}
    for name, column, graphs in (
        ("single", "description", "descriptions"),
        ("system", "system_description", "system_descriptions"),
    ):
        texts = samples.values(column)
        spice = Spice(synonyms).score(stated[graphs], stated["references"])

        def figures(
            chosen: Sequence[int], texts: list[str] = texts, spice: np.ndarray = spice
        ) -> Figures:
            told = [texts[row] for row in chosen]
            asked = [references[row] for row in chosen]
            return {
                "bleu4": figure_or_reason(lambda: bleu4(told, asked)),
                "spice": figure_or_reason(lambda: Spice.corpus(spice[list(chosen)])),
                **coco_scores(told, asked),
            }

        found[name] = by_composition(figures, len(texts), new)
    card = {
        "descriptions": len(samples),
        "references": f"all captions of the record, {min(map(len, references), default=0)} or more",
        "bleu_tokenisation": TOKENISATION,
        "bleu": "sacrebleu, corpus, 4-grams, no smoothing, closest reference length",
        "spice_parser": "caption grammar, else the text parser; no Java",
        "spice_synonyms": synonyms.name,
    }
    return {**found["single"], "system": found["system"]}, card
