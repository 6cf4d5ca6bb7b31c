"""Geometry becomes words: the only place where 3D boxes turn into spatial predicates.

Every predicate is a minimum of signed clearances in metres (``relation_margins``): positive where
the predicate holds, and the larger the clearer. So a relation is a sign, its confidence is the
same number seen through noise, and converses are transposes of each other.

Boxes enter through their *hull*: the smallest box around them that is aligned with gravity and
with the viewer. Depth points show the hull even where they do not show the yaw.

Paper: section "Scene graphs", the nine relations of VSD; viewer-centric frame of ``graph``.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spatial_dual.scene.forms import PARTS, SOLID, Form, form_of
from spatial_dual.scene.graph import SPATIAL_PREDICATES, Relation, SceneObject, Source

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

LATERAL_CLEARANCE = 0.03
"""Left/right: metres by which each centre must lie beyond the other's extent. People do not say
"left of" while the smaller thing still lies within the width of the larger."""
BEARING_CLEARANCE = 0.03
"""Left/right must also hold in the picture: least difference of x/z (0.03 is 1.7 degrees)."""
DEPTH_CLEARANCE = 0.10
"""In front/behind: as ``LATERAL_CLEARANCE``, but wider: depth is the axis a viewer judges worst,
and the far side of an object, half of what sets its centre, is never seen."""
SUPPORT_TOLERANCE = 0.04
"""On: largest gap or sinking-in between a base and what carries it; cushions and noise."""
VERTICAL_CLEARANCE = 0.02
"""Above/under: least gap in height where the upper one is not carried by the lower."""
PLAN_SLACK = 0.15
"""Above/under: metres in depth by which the footprints may miss: what hangs on the wall counts as
above the sofa that stands a hand's breadth in front of it."""
RIM_FRACTION = 0.3
"""In: the base must lie below the upper 30 % of the container; else it lies on the rim."""
NEXT_TO_REACH = 0.6
"""Next to: largest gap as a share of the mean horizontal extent of the two..."""
NEXT_TO_LIMIT = 0.5
"""...and never beyond this, metres: arm's reach, for furniture too."""
NEXT_TO_OVERLAP = 0.25
"""Next to: share of the lower thing's height that the two have in common; and share of the
narrower thing's width that may reach into the other's hull."""
ROUND_TOLERANCE = 0.1
"""Round things whose width and depth differ by more than this share are tipped over."""
PART_SLACK = 0.1
"""Part of: how far the part's centre may lie outside the whole, as a share of the whole's size."""
HYSTERESIS: Mapping[str, float] = {
    "to the left of": 0.02,
    "to the right of": 0.02,
    "in front of": 0.15,
    "behind": 0.15,
    "on": 0.12,
    "in": 0.12,
}
"""Metres by which a clearance may fall short where the picture shows the relation."""
_NEAREST = 0.1  # metres; keeps x/z finite beside and behind the camera


def hull_half_extents(
    sizes: ArrayLike, yaws: ArrayLike, forms: Sequence[Form] | None = None
) -> Array:
    """Half extents along x, y, z of the viewer-aligned hull of boxes turned by ``yaws``.

    The corners of a turned box around a round thing are empty, so its yaw is left out while it is
    about as wide as deep.

    Args:
        sizes: (boxes, 3) full width, height, depth, metres.
        yaws: (boxes,) radians about the vertical.
        forms: which boxes hold round things; without them none.

    Returns:
        (boxes, 3) metres.
    """
    half = np.asarray(sizes, dtype=np.float64).reshape(-1, 3) / 2
    yaw = np.asarray(yaws, dtype=np.float64).reshape(-1)
    if forms is not None:
        as_wide_as_deep = np.abs(half[:, 0] - half[:, 2]) < ROUND_TOLERANCE * half[:, 0]
        is_round = np.array([form.round for form in forms], dtype=bool)
        yaw = np.where(as_wide_as_deep & is_round, 0.0, yaw)
    cos, sin = np.abs(np.cos(yaw)), np.abs(np.sin(yaw))
    return np.stack(
        [
            cos * half[:, 0] + sin * half[:, 2],
            half[:, 1],
            sin * half[:, 0] + cos * half[:, 2],
        ],
        axis=1,
    )


def relation_margins(
    centers: ArrayLike, sizes: ArrayLike, yaws: ArrayLike, forms: Sequence[Form] | None = None
) -> Array:
    """Signed clearance, metres, of "i predicate j"; positive where the predicate holds.

    left      each centre lies beyond the other's extent in x, and in the picture as well
    in front  each centre lies beyond the other's extent in z
    under     top of i below the underside (or the leg room) of j, footprints overlapping
    on        base of i at the supporting surface of j, centre of i over j
    in        j is a container and i lies within it, base well below the rim
    next to   small gap beside each other at a common height

    right, behind and above are the transposes of left, in front and under. The axes are
    independent, so a pair can be left and in front; "on" and "in" exclude "above". Translating a
    scene changes left/right only (through perspective).

    Args:
        centers: (boxes, 3) metres, frame of ``scene.graph``.
        sizes: (boxes, 3) full extents along the boxes' own axes.
        yaws: (boxes,) radians.
        forms: what each box does with its inside; without them all are solid, so nothing is in a
            container or under a table top.

    Returns:
        (boxes, boxes, predicates) in the order of ``SPATIAL_PREDICATES``; the diagonal is -inf.
    """
    center = np.asarray(centers, dtype=np.float64).reshape(-1, 3)
    forms = forms if forms is not None else [SOLID] * len(center)
    half = hull_half_extents(sizes, yaws, forms)
    left, front = _lateral(center, half), _frontal(center, half)
    inside = _inside(center, half, np.array([form.contains for form in forms], dtype=bool))
    on = np.minimum(_supported(center, half, np.array([f.support for f in forms])), -inside)
    under = _under(center, half, np.array([form.clearance for form in forms]))
    under = np.minimum.reduce([under, -on, -on.T, -inside, -inside.T])
    named = {
        "to the left of": left,
        "to the right of": left.T,
        "in front of": front,
        "behind": front.T,
        "above": under.T,
        "under": under,
        "on": on,
        "in": inside,
        "next to": _beside(center, half),
    }
    margins = np.stack([named[predicate] for predicate in SPATIAL_PREDICATES], axis=-1)
    margins[np.arange(len(center)), np.arange(len(center))] = -np.inf
    return margins


def relations_from_boxes(
    centers: ArrayLike, sizes: ArrayLike, yaws: ArrayLike, forms: Sequence[Form] | None = None
) -> Bools:
    """Which predicates hold: ``[i, j, p]`` is "box i ``SPATIAL_PREDICATES[p]`` box j".

    Arguments and rules as in ``relation_margins``; returns (boxes, boxes, predicates) bool.
    """
    return relation_margins(centers, sizes, yaws, forms) > 0


def relations_of(
    objects: Sequence[SceneObject],
    source: Source = "gold",
    noise: float | None = None,
    shown: Bools | None = None,
) -> tuple[Relation, ...]:
    """Relations between those objects that have a box, by geometry and by the label.

    The label gives the ``Form``, and the ontology ``PARTS``: a part inside a whole carries "part
    of" and no spatial predicate, in either direction.

    Args:
        objects: all objects of the graph; those without a box get no relation.
        source: recorded on each relation.
        noise: standard error of the boxes in metres; gives each relation the confidence
            Φ(margin / noise) that it holds of the true boxes. Without it relations carry none.
        shown: (objects, objects, predicates), what the picture shows beside the boxes. Such a
            relation holds down to a margin of -``HYSTERESIS``, with a confidence that falls from
            one half to none.
    """
    placed = [index for index, item in enumerate(objects) if item.box is not None]
    if len(placed) < 2:
        return ()
    boxes = [item.box for item in objects if item.box is not None]
    labels = [objects[index].label for index in placed]
    centers = np.array([box.center for box in boxes])
    sizes = np.array([box.size for box in boxes])
    yaws = np.array([box.yaw for box in boxes])
    forms = [form_of(label) for label in labels]
    margins = relation_margins(centers, sizes, yaws, forms)
    inside = part_margins(labels, centers, hull_half_extents(sizes, yaws, forms))
    parts = inside > 0
    holds = margins > 0 if shown is None else _holding(margins, shown[np.ix_(placed, placed)])
    holds &= ~(parts | parts.T)[..., None]
    found = [
        (i, SPATIAL_PREDICATES[p], j, margins[i, j, p]) for i, j, p in np.argwhere(holds).tolist()
    ]
    found += [(i, "part of", j, inside[i, j]) for i, j in np.argwhere(parts).tolist()]
    return tuple(
        Relation(
            subject=placed[i],
            predicate=predicate,
            object=placed[j],
            source=source,
            confidence=_confidence(predicate, margin, noise),
        )
        for i, predicate, j, margin in found
    )


def part_margins(labels: Sequence[str], centers: ArrayLike, half: ArrayLike) -> Array:
    """(boxes, boxes) metres by which i lies within j's hull; -inf unless its label makes it a part.

    Args:
        labels: one noun per box.
        centers: (boxes, 3) metres.
        half: (boxes, 3) half extents of the hulls.
    """
    fits = np.array([[whole in PARTS.get(part, ()) for whole in labels] for part in labels])
    away = np.abs(_offset(np.asarray(centers)))
    room = np.asarray(half)[None] * (1 + 2 * PART_SLACK) - away
    return np.where(fits, room.min(axis=-1), -np.inf)


def _holding(margins: Array, shown: Bools) -> Bools:
    """Relations that are clear, and those that are nearly so and shown."""
    slack = np.array([HYSTERESIS.get(predicate, 0.0) for predicate in SPATIAL_PREDICATES])
    holds: Bools = (margins > 0) | (shown & (margins > -slack))
    on, inside, above, under = map(SPATIAL_PREDICATES.index, ("on", "in", "above", "under"))
    both = holds[..., on] & holds[..., inside]
    holds[..., on] &= ~both | (margins[..., on] > margins[..., inside])
    holds[..., inside] &= ~(both & holds[..., on])
    carried = holds[..., on] | holds[..., inside]
    for vertical in (above, under):
        holds[..., vertical] &= ~(carried | carried.T)
    return holds


def _confidence(predicate: str, margin: float, noise: float | None) -> float | None:
    if noise is None:
        return None
    if margin < 0:  # held by what the picture shows: from one half down to none at the limit
        return round(0.5 * (1 + margin / HYSTERESIS[predicate]), 3)
    return round(0.5 * (1 + math.erf(margin / (noise * math.sqrt(2)))), 3)


def _offset(center: Array) -> Array:
    """[i, j] = from i to j."""
    return center[None, :] - center[:, None]


def _lateral(center: Array, half: Array) -> Array:
    distance = _offset(center)[..., 0] - _larger(half[:, 0]) - LATERAL_CLEARANCE
    depth = np.maximum(center[:, 2], _NEAREST)
    bearing = center[:, 0] / depth
    turn = bearing[None, :] - bearing[:, None] - BEARING_CLEARANCE
    return np.minimum(distance, turn * np.minimum(depth[None, :], depth[:, None]))


def _frontal(center: Array, half: Array) -> Array:
    return _offset(center)[..., 2] - _larger(half[:, 2]) - DEPTH_CLEARANCE


def _under(center: Array, half: Array, clearance: Array) -> Array:
    bottom, top = center[:, 1] - half[:, 1], center[:, 1] + half[:, 1]
    ceiling = bottom + clearance * 2 * half[:, 1]
    room = ceiling[None, :] - top[:, None] - VERTICAL_CLEARANCE
    away = np.abs(_offset(center))
    return np.minimum.reduce(
        [
            room,
            _larger(half[:, 0]) - away[..., 0],
            _larger(half[:, 2]) + PLAN_SLACK - away[..., 2],
        ]
    )


def _supported(center: Array, half: Array, support: Array) -> Array:
    bottom = center[:, 1] - half[:, 1]
    surface = bottom + support * 2 * half[:, 1]
    gap = np.abs(bottom[:, None] - surface[None, :])
    rise = center[:, None, 1] - center[None, :, 1]  # of two thin things one carries, never both
    return np.minimum.reduce([SUPPORT_TOLERANCE - gap, rise, _over(center, half)])


def _inside(center: Array, half: Array, contains: Bools) -> Array:
    bottom = center[:, 1] - half[:, 1]
    rim = bottom + (1 - RIM_FRACTION) * 2 * half[:, 1]
    narrower = half[None, :, [0, 2]].max(-1) - half[:, None, [0, 2]].max(-1)
    margin = np.minimum.reduce(
        [
            rim[None, :] - bottom[:, None],
            bottom[:, None] - bottom[None, :] + SUPPORT_TOLERANCE,
            narrower,
            _over(center, half),
        ]
    )
    return np.where(contains[None, :], margin, -np.inf)


def _beside(center: Array, half: Array) -> Array:
    away = np.abs(_offset(center))
    separation = away - (half[None, :] + half[:, None])
    gap = np.hypot(np.maximum(separation[..., 0], 0), np.maximum(separation[..., 2], 0))
    extent = half[:, 0] + half[:, 2]
    reach = np.minimum(NEXT_TO_REACH * (extent[None, :] + extent[:, None]) / 2, NEXT_TO_LIMIT)
    apart = separation[..., [0, 2]] + NEXT_TO_OVERLAP * 2 * _smaller(half[:, [0, 2]])
    level = -separation[..., 1] - NEXT_TO_OVERLAP * 2 * _smaller(half[:, 1])
    return np.minimum.reduce([reach - gap, apart.max(-1), level])


def _over(center: Array, half: Array) -> Array:
    """How far the centre of i lies within the footprint of j."""
    away = np.abs(_offset(center))
    margins: Array = (half[None, :] - away)[..., [0, 2]].min(-1)
    return margins


def _larger(values: Array) -> Array:
    return np.maximum(values[None, :], values[:, None])


def _smaller(values: Array) -> Array:
    return np.minimum(values[None, :], values[:, None])
