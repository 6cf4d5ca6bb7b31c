"""Which of several descriptions does the 3DSG bear out best?

The two halves of SI2T meet in one graph, so what is said can be checked against what is meant: a
description is read back into a scene graph and its relations are looked up in the 3DSG that it was
written from. Nothing but the model's own graph is asked.
"""

from collections.abc import Sequence

from spatial_dual.parsing.interface import TextGraphParser
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.truth import (
    Fits,
    geometric_relations,
    holds,
    same_label,
    same_label_and_attributes,
)


def most_faithful(
    candidates: Sequence[Sequence[str]], graphs: Sequence[SceneGraph], parser: TextGraphParser
) -> list[str]:
    """Of the candidate descriptions of each 3DSG the best borne out one, the first of equals."""
    texts = [text for several in candidates for text in several]
    stated = iter(parser.parse(texts))
    chosen = []
    for several, graph in zip(candidates, graphs, strict=True):
        scores = [faithfulness(next(stated), graph) for _ in several]
        chosen.append(several[scores.index(max(scores))])
    return chosen


def faithfulness(stated: SceneGraph, graph: SceneGraph) -> tuple[float, float]:
    """Right relations of those stated plus one, by labels, then with attributes.

    The one more makes two true statements better than one, and any better than none.
    """
    relations = len(list(geometric_relations(stated)))

    def score(fits: Fits) -> float:
        right = sum(holds(r, stated, graph, fits) for r in geometric_relations(stated))
        return right / (relations + 1)

    return score(same_label), score(same_label_and_attributes)
