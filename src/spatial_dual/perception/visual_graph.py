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
STACKING_OVERLAP = 0.5
"""Above/under: share of the narrower region's width that lies over the other."""
CONTACT = 0.03
"""On: largest gap, as a share of the picture, between the base and the upper edge of what
carries it; anything deeper inside the region could as well stand before it."""
INSIDE = 0.85
"""In: share of the region's width that lies within the container's."""

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
        np.array([form_of(labels[k]).contains for k in visible], dtype=bool),
    )
    relations = tuple(
        Relation(subject=i, predicate=_PLANE_PREDICATES[p], object=j, source="mask")
        for i, j, p in np.argwhere(holds).tolist()
    )
    return SceneGraph(objects=objects, relations=relations, place=place)


def plane_relations(regions: Array, containers: Bools) -> Bools:
    """Which image-plane predicates hold between regions.

    left/right and above/under: each centre lies beyond the other's side. Above/under also ask for
    overlap in x, "on" for a base at the upper edge of what carries it, "in" for a container whose
    width holds the other and whose upper edge cuts it.

    Args:
        regions: (n, 4) boxes x0, y0, x1, y1 in 0..1, y down.
        containers: (n,) whether things can be in it.

    Returns:
        (n, n, 6): left, right, above, under, on, in.
    """
    x0, y0, x1, y1 = regions.T
    middle_x, middle_y, half_x, half_y = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
    wider = np.maximum(half_x[:, None], half_x[None, :])
    taller = np.maximum(half_y[:, None], half_y[None, :])
    common = np.minimum(x1[:, None], x1[None, :]) - np.maximum(x0[:, None], x0[None, :])
    narrower = 2 * np.minimum(half_x[:, None], half_x[None, :])
    left = middle_x[None, :] - middle_x[:, None] > wider + CLEARANCE
    higher = middle_y[None, :] - middle_y[:, None] > taller + CLEARANCE
    stacked = common > STACKING_OVERLAP * narrower
    held = (half_x[:, None] < half_x[None, :]) & (common > INSIDE * 2 * half_x[:, None])
    crossed = (y0[:, None] < y0[None, :]) & (y1[:, None] > y0[None, :] + CONTACT)
    shallow = y1[:, None] < middle_y[None, :]
    inside = held & crossed & shallow & containers[None, :]
    touching = np.abs(y1[:, None] - y0[None, :]) < CONTACT
    on = touching & higher & stacked & ~inside
    above = higher & stacked & ~on & ~inside
    return np.stack([left, left.T, above, above.T, on, inside], axis=-1)
