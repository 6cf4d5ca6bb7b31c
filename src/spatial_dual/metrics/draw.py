"""ST2I: is what the text states in the drawn picture, and where it should be?

The judge is perception: a picture is judged by the scene graph perceived in it. Perception errs
too, so every figure has an upper bound: the same judge on pictures that are right.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from spatial_dual.metrics.shares import Share
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


def drawing_figures(
    *,
    stated: Sequence[SceneGraph],
    plans: Sequence[SceneGraph],
    gold: Sequence[SceneGraph],
    drawn: Sequence[SceneGraph],
    reconstructed: Sequence[SceneGraph],
    shown: Sequence[SceneGraph],
) -> dict[str, float]:
    """Figures of drawings, each beside its upper bound; one graph a picture in each sequence.

    ``object_accuracy``: stated objects that are drawn where the plan puts them, beside those that
    are seen in the tokenizer's reconstruction of the gold image, at their gold places.
    ``relation_accuracy``: stated relations that hold in what is drawn, beside the gold image.

    Args:
        stated: what each text states.
        plans: 3DSG that each picture was drawn from.
        gold: 3DSG of the gold image.
        drawn: seen in the drawing, with relations by depth.
        reconstructed: seen in the tokenizer's reconstruction of the gold image.
        shown: seen in the gold image, with relations by depth.
    """
    wanted = [wanted_objects(s, p) for s, p in zip(stated, plans, strict=True)]
    in_gold = [visible_wanted_objects(s, g) for s, g in zip(stated, gold, strict=True)]
    return {
        "object_accuracy": _objects(wanted, drawn),
        "object_accuracy_upper": _objects(in_gold, reconstructed),
        "relation_accuracy": _relations(stated, drawn),
        "relation_accuracy_upper": _relations(stated, shown),
    }


def gold_drawing_figures(
    *, stated: Sequence[SceneGraph], gold: Sequence[SceneGraph], drawn: Sequence[SceneGraph]
) -> dict[str, float]:
    """``object_accuracy`` of what is seen in drawings of gold graphs, at the gold places."""
    in_gold = [visible_wanted_objects(s, g) for s, g in zip(stated, gold, strict=True)]
    return {"object_accuracy": _objects(in_gold, drawn)}


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


def _objects(wanted: Sequence[Sequence[SceneObject | None]], seen: Sequence[SceneGraph]) -> float:
    pairs = zip(wanted, seen, strict=True)
    return sum((objects_in_place(w, s) for w, s in pairs), Share()).value


def _relations(stated: Sequence[SceneGraph], seen: Sequence[SceneGraph]) -> float:
    pairs = zip(stated, seen, strict=True)
    return sum((true_relations(t, s, same_label_and_colour) for t, s in pairs), Share()).value


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
