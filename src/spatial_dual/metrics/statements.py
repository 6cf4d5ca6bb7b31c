"""What a text states, and whether a scene graph bears it out."""

from spatial_dual.metrics.shares import Share
from spatial_dual.parsing.interface import TextGraphParser
from spatial_dual.render.captions import parse
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.truth import Fits, geometric_relations, holds


def stated_graph(text: str, parser: TextGraphParser) -> SceneGraph:
    """Graph of a text: by the caption grammar, or by ``parser`` where it is not in the grammar."""
    return parse(text) or parser.parse([text])[0]


def true_relations(stated: SceneGraph, shown: SceneGraph, fits: Fits) -> Share:
    """Stated relations that hold between some pair of fitting objects of ``shown``.

    Only the nine spatial predicates and "part of" are counted: boxes cannot tell who holds whom.
    """
    judged = list(geometric_relations(stated))
    right = sum(holds(relation, stated, shown, fits) for relation in judged)
    return Share(right, len(judged))
