"""Depth and instances become a 3D scene graph: points, gravity, boxes, relations.

Paper: section "Scene graphs", 3DSG; the graph that depth alone supports, before diffusion adds
what is hidden.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spatial_dual.perception.boxes import complete_boxes, visible_extents
from spatial_dual.perception.camera import Camera, Points
from spatial_dual.perception.evidence import picture_evidence
from spatial_dual.perception.gravity import Gravity, depth_noise, find_gravity
from spatial_dual.perception.regions import instance_regions
from spatial_dual.perception.shape_words import shape_words
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.scene.graph import Box3D, SceneGraph, SceneObject
from spatial_dual.scene.relations import relations_of
from spatial_dual.scene.vocabulary import attribute_kind

Array = NDArray[np.float64]

BOX_ERROR = 0.03
"""Standard error of a lifted box's sides in metres (measured on rendered scenes, exact depth);
turns the margin of a relation into its confidence."""
STEEP = 0.85
"""A camera whose optical axis points down by more than this (58 degrees) sees things from above."""


@dataclass(frozen=True)
class Lifted:
    """Geometry behind a depth graph, for figures and tests.

    Attributes:
        points: (height, width, 3) metres in the levelled frame, NaN where invalid.
        depth: (height, width) metres along the optical axis, NaN where invalid.
        gravity: the up direction that levelled it.
        noise: standard deviation of the depth of a pixel, metres.
        known: (instances,) whether the instance has a box.
        centers, sizes: (instances, 3) metres; viewer-aligned boxes of the whole objects.
    """

    points: Points
    depth: NDArray[np.float32]
    gravity: Gravity
    noise: float
    known: NDArray[np.bool_]
    centers: Array
    sizes: Array


def lift(
    depth: NDArray[np.floating],
    instances: NDArray[np.uint8],
    labels: Sequence[str],
    camera: Camera,
    prior: SizePrior,
) -> Lifted:
    """Boxes of all instances in the frame of ``scene.graph``.

    Args:
        depth: (height, width) metres along the optical axis, 0 or not finite = invalid.
        instances: (height, width), 0 = background, k = pixels of ``labels[k - 1]``.
        labels: noun of each instance; instances without pixels are allowed.
        camera: field of view or intrinsics, pitch if known.
        prior: sizes by label, which complete what is not seen.

    Raises:
        ValueError: shapes differ, or an instance number has no label.
    """
    _check(depth, instances, labels)
    seen_points = camera.unproject(depth)
    noise = depth_noise(seen_points[..., 2])
    gravity = find_gravity(seen_points, instances == 0, camera, noise)
    points = seen_points @ gravity.rotation().T.astype(np.float32)
    seen = visible_extents(
        points, seen_points[..., 2], instances, len(labels), noise, -gravity.up[2] > STEEP
    )
    focal = camera.pixel_intrinsics(*depth.shape)[0]
    centers, sizes = complete_boxes(seen, labels, seen.low[:, 2] / focal, prior)
    return Lifted(points, seen_points[..., 2], gravity, noise, seen.known, centers, sizes)


def depth_graph(
    depth: NDArray[np.floating],
    instances: NDArray[np.uint8],
    labels: Sequence[str],
    camera: Camera,
    prior: SizePrior,
    attributes: Sequence[Sequence[str]] | None = None,
    scores: Sequence[float] | None = None,
    place: str | None = None,
) -> SceneGraph:
    """3D scene graph of the visible objects, relations with source "depth".

    Objects are the instances that have pixels, in their order, as in ``visual_graph``; one with
    too little valid depth has no box and so no relation. Arguments and errors as in ``lift``;
    ``attributes`` and ``scores`` are per instance. To the attributes come what the box says:
    size and pose, unless a word of that kind is there.
    """
    lifted = lift(depth, instances, labels, camera, prior)
    regions = instance_regions(instances, len(labels))
    seen: Sequence[Sequence[str]] = attributes if attributes is not None else [()] * len(labels)
    objects = [
        SceneObject(
            label=label,
            attributes=_words(seen[k], label, lifted, k, prior),
            box=_box(lifted, k),
            region=regions[k],
            confidence=scores[k] if scores is not None else None,
        )
        for k, label in enumerate(labels)
        if regions[k] is not None
    ]
    visible = [k for k, region in enumerate(regions) if region is not None]
    shown = picture_evidence(lifted.depth, instances, regions, lifted.noise)
    relations = relations_of(
        objects, "depth", math.hypot(BOX_ERROR, lifted.noise), shown[np.ix_(visible, visible)]
    )
    return SceneGraph(objects=tuple(objects), relations=relations, place=place)


def _words(
    seen: Sequence[str], label: str, lifted: Lifted, k: int, prior: SizePrior
) -> tuple[str, ...]:
    if not lifted.known[k]:
        return tuple(seen)
    kinds = {attribute_kind(word) for word in seen}
    measured = shape_words(label, lifted.sizes[k], prior)
    return (*seen, *(word for word in measured if attribute_kind(word) not in kinds))


def _box(lifted: Lifted, k: int) -> Box3D | None:
    if not lifted.known[k]:
        return None
    x, y, z = lifted.centers[k].tolist()
    width, height, depth = lifted.sizes[k].tolist()
    return Box3D(center=(x, y, z), size=(width, height, depth))


def _check(
    depth: NDArray[np.floating], instances: NDArray[np.uint8], labels: Sequence[str]
) -> None:
    if depth.shape != instances.shape or depth.ndim != 2:
        raise ValueError(
            f"depth {depth.shape} and instances {instances.shape} must both be (height, width)"
        )
    highest = int(instances.max(initial=0))
    if highest > len(labels):
        raise ValueError(f"instances holds number {highest}, but there are {len(labels)} labels")
