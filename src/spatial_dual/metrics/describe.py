"""SI2T: is what a description states true of the gold 3DSG, how much of it, and well said?"""

from collections.abc import Sequence
from typing import Any

from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.spatial import TripletCounts, fitting_counts, total
from spatial_dual.render.captions import parse
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.truth import (
    geometric_relations,
    same_label,
    same_label_and_attributes,
)

Both = tuple[TripletCounts, TripletCounts]
"""Counts by label, and with attributes."""


def description_counts(stated: SceneGraph, gold: SceneGraph) -> Both:
    """Stated triplets against the whole gold 3DSG, by label and with attributes.

    Relations that geometry cannot judge, such as who holds whom, are left out. Each gold triplet
    bears out one stated one. With attributes a triplet is right if the gold ends have all that the
    text says of them.
    """
    judged, true = (
        graph.model_copy(update={"relations": tuple(geometric_relations(graph))})
        for graph in (stated, gold)
    )
    by_label = fitting_counts(judged, true, same_label)
    return by_label, fitting_counts(judged, true, same_label_and_attributes)


def description_figures(counts: Sequence[Both]) -> dict[str, Any]:
    """``precision``, ``recall``, ``f1`` of stated triplets, the same ``attributed``.

    Recall is of all that is true of the scene, of which a text states little: it is to be read
    beside that of a caption.
    """
    by_label, attributed = (total(pair[n] for pair in counts) for n in range(2))
    return {**by_label.figures(), "attributed": attributed.figures()}


def text_figures(texts: Sequence[str], stated: Sequence[SceneGraph]) -> dict[str, float]:
    """Of texts and the graphs that they state, whatever is true.

    ``relations_stated``: mean of a text. ``distinct``: share of different texts. NaN for no texts.
    """
    relations = sum(len(list(geometric_relations(graph))) for graph in stated)
    return {
        "relations_stated": Share(relations, len(texts)).value,
        "distinct": Share(len(set(texts)), len(texts)).value,
    }


def grammatical(texts: Sequence[str]) -> float:
    """Share of texts that the caption grammar of the rendered scenes can read."""
    return Share(sum(parse(text) is not None for text in texts), len(texts)).value
