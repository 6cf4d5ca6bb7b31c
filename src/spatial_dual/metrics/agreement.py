"""Do objects have the attributes that are stated of them? The GLIP row of the paper's Fig. 5.

By what judges the picture anyway: perception for a drawing, the gold graph for a description. By an
open-vocabulary detector, see ``metrics.detection``.
"""

from collections.abc import Collection

from spatial_dual.metrics.shares import Share
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.vocabulary import attribute_kind


def attribute_agreement(stated: SceneGraph, seen: SceneGraph, kinds: Collection[str]) -> Share:
    """Stated (object, attribute) pairs that some seen object of the label bears out.

    Args:
        stated: what a text says.
        seen: what is there.
        kinds: attribute kinds that the judge can tell ("colour", …); others are not counted.
    """
    known = {(item.label, word) for item in seen.objects for word in item.attributes}
    asked = [
        (item.label, word)
        for item in stated.objects
        for word in item.attributes
        if attribute_kind(word) in kinds
    ]
    return Share(sum(pair in known for pair in asked), len(asked))
