"""What a text states, and whether a scene graph bears it out."""

from collections.abc import Sequence

from spatial_dual.metrics.shares import Share
from spatial_dual.parsing.interface import TextGraphParser
from spatial_dual.render.captions import parse
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.truth import Fits, denials, geometric_relations, holds


def stated_graphs(texts: Sequence[str], parser: TextGraphParser) -> list[SceneGraph]:
    """Graphs of texts: by the caption grammar, or by ``parser`` where one is not in the grammar."""
    graphs = [parse(text) for text in texts]
    others = iter(
        parser.parse([text for text, graph in zip(texts, graphs, strict=True) if graph is None])
    )
    return [next(others) if graph is None else graph for graph in graphs]


def true_relations(stated: SceneGraph, shown: SceneGraph, fits: Fits) -> Share:
    """Stated relations that hold between some pair of fitting objects of ``shown``.

    What the text denies counts as stated, and as right unless it is shown, see ``truth.denials``.
    Only the nine spatial predicates and "part of" are counted: boxes cannot tell who holds whom.
    """
    judged = list(geometric_relations(stated))
    right = sum(holds(relation, stated, shown, fits) for relation in judged)
    kept = denials(stated, shown, fits)
    return Share(right + sum(kept), len(judged) + len(kept))
