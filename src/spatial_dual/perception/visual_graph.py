"""The visual scene graph (VSG): what stands in the picture, and where in the picture plane.

Paper: section "Scene graphs", VSG: visible objects, visual attributes, simple relations of one
view. Depth has no say here; that is what the 3D graph adds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spatial_dual.perception.regions import instance_regions
from spatial_dual.scene.forms import form_of
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

CLEARANCE = 0.01
"""Least distance, as a share of the picture, by which each centre lies beyond the other's side."""
STACKING_OVERLAP = 0.8
"""Above/under: share of the narrower region's width that lies over the other."""
CONTACT = 0.6
"""On/in: share of a thing's lower outline that borders on what carries or holds it."""
SUNK = 0.03
"""On/in: the base must lie this far below the upper edge of the carrier, as a share of the
picture. A thing behind a table ends at its edge; one on the table stands within its top."""
HELD = 0.3
"""In: how far the base lies below the container's upper edge, as a share of the container's
region; what is less deep may lie on top."""

_PLANE_PREDICATES = ("to the left of", "to the right of", "above", "under", "on", "in")


def visual_graph(
    instances: NDArray[np.uint8],
    labels: Sequence[str],
    attributes: Sequence[Sequence[str]] | None = None,
    scores: Sequence[float] | None = None,
    place: str | None = None,
) -> SceneGraph:
    """Scene graph of the instances that have pixels, in instance order, relations by "mask".

    Args:
        instances: (height, width), 0 = background, k = pixels of ``labels[k - 1]``.
        labels: noun of each instance.
        attributes: words per instance.
        scores: confidence per instance.
        place: name of the place, if known.
    """
    regions = instance_regions(instances, len(labels))
    visible = [k for k, region in enumerate(regions) if region is not None]
    objects = tuple(
        SceneObject(
            label=labels[k],
            attributes=tuple(attributes[k]) if attributes is not None else (),
            region=regions[k],
            confidence=scores[k] if scores is not None else None,
        )
        for k in visible
    )
    holds = plane_relations(
        np.array([regions[k] for k in visible], dtype=np.float64).reshape(-1, 4),
        lower_borders(instances, len(labels))[np.ix_(visible, visible)],
        np.array([form_of(labels[k]).contains for k in visible], dtype=bool),
    )
    relations = tuple(
        Relation(subject=i, predicate=_PLANE_PREDICATES[p], object=j, source="mask")
        for i, j, p in np.argwhere(holds).tolist()
    )
    return SceneGraph(objects=objects, relations=relations, place=place)


def lower_borders(instances: NDArray[np.uint8], count: int) -> Array:
    """Share of each instance's lower outline that borders on each other instance.

    Args:
        instances: (height, width), 0 = background, k = instance number.
        count: number of instances.

    Returns:
        (count, count): [i, j] of the pixels of i with something else below, the share with j.
    """
    upper, lower = instances[:-1], instances[1:]
    outline = (upper != lower) & (upper > 0)
    pairs = upper[outline].astype(np.int64) * (count + 1) + lower[outline]
    borders = np.bincount(pairs, minlength=(count + 1) ** 2).reshape(count + 1, count + 1)
    length = np.maximum(borders.sum(1, keepdims=True), 1)
    shares: Array = (borders / length)[1:, 1:]
    return shares


def plane_relations(regions: Array, borders: Array, containers: Bools) -> Bools:
    """Which image-plane predicates hold between instances.

    left/right: each centre lies beyond the other's side. above/under: one region ends over the
    other. on/in: the lower outline borders on the other thing, inside its region; "in" for
    containers, "on" for all others.

    Args:
        regions: (n, 4) boxes x0, y0, x1, y1 in 0..1, y down.
        borders: (n, n) from ``lower_borders``.
        containers: (n,) whether things can be in it.

    Returns:
        (n, n, 6): left, right, above, under, on, in.
    """
    x0, y0, x1, y1 = regions.T
    middle_x, half_x = (x0 + x1) / 2, (x1 - x0) / 2
    wider = np.maximum(half_x[:, None], half_x[None, :])
    common = np.minimum(x1[:, None], x1[None, :]) - np.maximum(x0[:, None], x0[None, :])
    narrower = 2 * np.minimum(half_x[:, None], half_x[None, :])
    left = middle_x[None, :] - middle_x[:, None] > wider + CLEARANCE
    depth = y1[:, None] - y0[None, :]
    carried = (borders >= CONTACT) & (depth > SUNK) & (common > 0)
    inside = carried & containers[None, :] & (depth > HELD * (y1 - y0)[None, :])
    on = carried & ~containers[None, :]
    above = (depth < 0) & (common > STACKING_OVERLAP * narrower)
    return np.stack([left, left.T, above, above.T, on, inside], axis=-1)
