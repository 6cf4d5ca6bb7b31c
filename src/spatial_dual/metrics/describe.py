"""SI2T: is what a description states true of the gold 3DSG, and well said?"""

from collections.abc import Sequence

from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.statements import true_relations
from spatial_dual.render.captions import parse
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.truth import geometric_relations, same_label, same_label_and_attributes


def description_figures(
    texts: Sequence[str], stated: Sequence[SceneGraph], gold: Sequence[SceneGraph]
) -> dict[str, float]:
    """Figures of descriptions, by the graphs that they state, against the gold 3DSGs.

    ``triplet_precision``: stated triplets that hold between some objects of those labels.
    ``attributed_triplet_precision``: and those objects have all attributes stated of them.
    ``relations_stated``: mean per description. ``distinct``: share of different descriptions.
    NaN where nothing is stated at all.
    """
    pairs = list(zip(stated, gold, strict=True))
    plain = sum((true_relations(s, g, same_label) for s, g in pairs), Share())
    attributed = sum((true_relations(s, g, same_label_and_attributes) for s, g in pairs), Share())
    relations = sum(len(list(geometric_relations(graph))) for graph in stated)
    return {
        "triplet_precision": plain.value,
        "attributed_triplet_precision": attributed.value,
        "relations_stated": Share(relations, len(texts)).value,
        "distinct": Share(len(set(texts)), len(texts)).value,
    }


def grammatical(texts: Sequence[str]) -> float:
    """Share of descriptions that the caption grammar of the rendered scenes can read."""
    return Share(sum(parse(text) is not None for text in texts), len(texts)).value
