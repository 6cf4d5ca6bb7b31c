"""ST2I: is what the text states in the drawn picture, and where it should be?

A picture is judged by the scene graph that an independent perceiver sees in it. That one errs too,
so figures have an upper bound: the same texts asked of pictures that are right.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from spatial_dual.metrics.shares import Share, total_share
from spatial_dual.metrics.spatial import region_iou
from spatial_dual.metrics.statements import true_relations
from spatial_dual.scene.alignment import match_objects
from spatial_dual.scene.graph import SceneGraph, SceneObject
from spatial_dual.scene.truth import same_label_and_colour
from spatial_dual.scene.vocabulary import attribute_kind

LEAST_IOU = 0.3
LEAST_VISIBILITY = 0.3
"""Gold objects that are less visible are not asked for: the picture does not show them."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DrawingCounts:
    """What is right in one picture of a text.

    Attributes:
        objects: stated objects that are seen, by label and colour, one each.
        relations: stated relations that are seen to hold between such objects.
        in_place: stated objects that are seen where the plan of the picture puts them.
    """

    objects: Share
    relations: Share
    in_place: Share

    @classmethod
    def of(cls, stated: SceneGraph, plan: SceneGraph, seen: SceneGraph) -> "DrawingCounts":
        """Count in the graph ``seen`` in a picture, made of ``plan`` for the text ``stated``."""
        return cls(
            objects_seen(stated, seen),
            true_relations(stated, seen, same_label_and_colour),
            objects_in_place(wanted_objects(stated, plan), seen),
        )


def drawing_figures(
    drawn: Sequence[DrawingCounts], bound: Sequence[DrawingCounts]
) -> dict[str, float]:
    """``object_accuracy`` and ``relation_accuracy``, each beside its upper bound ``…_upper``.

    The bound asks the same texts of pictures that are right: gold ones through the same tokens and
    decoder. ``objects_in_place`` is about the plan, which a text leaves open: it has no bound.

    Args:
        drawn: of the drawing of each text.
        bound: of the decoded gold picture of each text.
    """
    return {
        "object_accuracy": total_share(counts.objects for counts in drawn).value,
        "object_accuracy_upper": total_share(counts.objects for counts in bound).value,
        "relation_accuracy": total_share(counts.relations for counts in drawn).value,
        "relation_accuracy_upper": total_share(counts.relations for counts in bound).value,
        "objects_in_place": total_share(counts.in_place for counts in drawn).value,
    }


def objects_seen(stated: SceneGraph, seen: SceneGraph) -> Share:
    """Stated objects that are seen, wherever: right class, stated colour, one each.

    Objects that the text denies are not asked for; of alternatives any will do.
    """
    hidden = stated.left_out()
    asked = [stated.choices(n) for n in range(len(stated.objects)) if n not in hidden]
    if not asked or not seen.objects:
        return Share(0, len(asked))
    fits = np.array(
        [
            [any(same_label_and_colour(item, shown) for item in any_of) for shown in seen.objects]
            for any_of in asked
        ]
    )
    rows, columns = linear_sum_assignment(fits, maximize=True)
    return Share(int(fits[rows, columns].sum()), len(asked))


def wanted_objects(stated: SceneGraph, plan: SceneGraph) -> list[SceneObject | None]:
    """For each stated object, what the picture should show: its place and colour in the plan.

    Objects that the text denies, and all alternatives but the first, are not asked for.
    Plan is the completed 3DSG or the gold one. A stated colour goes before the planned one. None
    where the plan has lost the object or gives it no place.
    """
    partners = match_objects(stated, plan)
    return [
        _wanted(item, plan.objects[partner]) if partner >= 0 else None
        for number, (item, partner) in enumerate(zip(stated.objects, partners, strict=True))
        if number not in stated.left_out()
    ]


def visible_wanted_objects(stated: SceneGraph, gold: SceneGraph) -> list[SceneObject]:
    """``wanted_objects`` of a gold graph: those that its picture does show."""
    return [
        item
        for item in wanted_objects(stated, gold)
        if item is not None and (item.visibility is None or item.visibility >= LEAST_VISIBILITY)
    ]


def objects_in_place(wanted: Iterable[SceneObject | None], seen: SceneGraph) -> Share:
    """Wanted objects that are seen: right class, right colour, right place, one each.

    The place is right where the seen box overlaps the wanted region, cut to the picture, with
    IoU ≥ 0.3 or has its centre inside it (planned regions are whole objects, seen boxes only their
    visible parts). A wanted None is always missing.
    """
    asked = list(wanted)
    placed = [item for item in asked if item is not None]
    shown = [item for item in seen.objects if item.region is not None]
    if not placed or not shown:
        return Share(0, len(asked))
    fits = np.array([[same_label_and_colour(w, s) for s in shown] for w in placed])
    fits &= _in_place(_regions(placed).clip(0, 1), _regions(shown))
    rows, columns = linear_sum_assignment(fits, maximize=True)
    return Share(int(fits[rows, columns].sum()), len(asked))


def _wanted(stated: SceneObject, planned: SceneObject) -> SceneObject | None:
    if planned.label != stated.label or planned.region is None:
        return None
    colours = _colours(stated) or _colours(planned)
    return planned.model_copy(update={"attributes": colours})


def _colours(item: SceneObject) -> tuple[str, ...]:
    return tuple(word for word in item.attributes if attribute_kind(word) == "colour")


def _in_place(wanted: Array, seen: Array) -> NDArray[np.bool_]:
    """(wanted, seen) bool of boxes (n, 4) and (m, 4)."""
    middle = (seen[:, :2] + seen[:, 2:]) / 2
    above = middle[None] >= wanted[:, None, :2]
    below = middle[None] <= wanted[:, None, 2:]
    inside = np.logical_and(above, below).all(axis=-1)
    return np.logical_or(region_iou(wanted, seen) >= LEAST_IOU, inside)


def _regions(objects: list[SceneObject]) -> Array:
    return np.array([item.region for item in objects], dtype=np.float64)
