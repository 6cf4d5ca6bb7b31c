"""From the points of each instance to its viewer-aligned 3D box."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spatial_dual.perception.camera import Points
from spatial_dual.perception.open3d_loader import open3d
from spatial_dual.perception.size_prior import SizePrior

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST_PIXELS = 6
"""Instances with fewer pixels of valid depth get no box."""
GAP = 0.25
"""Metres: points beyond such an empty stretch of depth belong to something else (mask edges)..."""
GAP_SHARE = 0.15
"""...unless they are at least this share of the instance."""
TRIM_LOW, TRIM_HIGH = (0.0, 0.01, 0.02), (0.0, 0.01, 0.05)
"""Share of the points beyond each end in x, y and z. Depth noise stretches z most, then y through
the camera's tilt; mask edges bleed to what lies behind."""
LEAST_VALID = 0.05
"""Instances with valid depth on a smaller share of their pixels get no box."""
ROUGH = 0.002
"""Depth whose noise is below this share of the distance is smooth and has no stray points."""
NEIGHBOURS, DEVIATIONS = 12, 3.0
"""Stray points: mean distance to so many neighbours beyond so many standard deviations."""
OUTLIER_POINTS = 1000
"""Points per instance among which strays are looked for, evenly taken of more."""
BLEEDING_REACH = 2
"""Pixels by which a mask may reach over what lies behind..."""
BLEEDING_STEP = 0.1
"""...where its depth jumps by at least this many metres, or three standard deviations of noise."""
OCCLUSION_STEP = 0.05
"""Metres by which a neighbouring instance must be nearer to hide what lies behind it; below,
it touches."""
LEAST_EXTENT = 0.01
"""Metres; a flat front has some thickness."""


@dataclass(frozen=True)
class Extents:
    """Visible extents of the instances in a levelled frame.

    Attributes:
        known: (instances,) whether there is enough valid depth.
        low, high: (instances, 3) metres, right, up, away.
        open_low, open_high: (instances, 3) the object may go on beyond this end unseen.
    """

    known: Bools
    low: Array
    high: Array
    open_low: Bools
    open_high: Bools


def visible_extents(
    points: Points,
    depth: Points,
    instances: NDArray[np.uint8],
    count: int,
    noise: float,
    from_above: bool = False,
) -> Extents:
    """Extents of what is seen of each instance, freed of stray points.

    An end is open where the outermost visible pixels border on a nearer instance or on the edge
    of the picture; the far end in depth is always open, from above the lower end.

    Args:
        points: (height, width, 3) metres in the levelled frame, NaN where invalid.
        depth: (height, width) metres along the optical axis.
        instances: (height, width), k = instance number, 0 = background.
        count: number of instances.
        noise: standard deviation of the depth of a pixel, metres.
        from_above: the camera looks down steeply: rows of pixels lie behind each other.
    """
    width = instances.shape[1]
    sizes = np.bincount(instances.reshape(-1), minlength=count + 1)[1:]
    pixels = np.flatnonzero((instances > 0) & ~_bleeding(depth, instances, noise))
    pixels = pixels[np.argsort(instances.reshape(-1)[pixels], kind="stable")]
    cloud, hidden = points.reshape(-1, 3), _hidden_sides(depth, instances)
    borders = np.searchsorted(instances.reshape(-1)[pixels], np.arange(1, count + 2))
    result = Extents(
        known=np.zeros(count, dtype=bool),
        low=np.zeros((count, 3)),
        high=np.zeros((count, 3)),
        open_low=np.zeros((count, 3), dtype=bool),
        open_high=np.zeros((count, 3), dtype=bool),
    )
    across_rows, unseen = (2, result.open_low[:, 1]) if from_above else (1, result.open_high[:, 2])
    unseen[:] = True
    for k in range(count):
        own = pixels[borders[k] : borders[k + 1]]
        own = _without_strays(own, cloud[own, 2])
        if len(own) < max(LEAST_PIXELS, LEAST_VALID * sizes[k]):
            continue
        if noise > ROUGH * float(np.median(cloud[own, 2])):
            own = _without_outliers(own, cloud)
        result.known[k] = True
        result.low[k], result.high[k] = _ends(cloud[own])
        column, row = own % width, own // width
        for sides, axis, place in ((0, 0, column), (1, across_rows, -row)):
            cut_low, cut_high = hidden[sides]
            result.open_low[k, axis] = cut_low[own[place == place.min()]].mean() > 0.5
            result.open_high[k, axis] = cut_high[own[place == place.max()]].mean() > 0.5
    return result


def complete_boxes(
    seen: Extents, labels: Sequence[str], pixel: Array, prior: SizePrior
) -> tuple[Array, Array]:
    """Centres and sizes of the whole objects, (instances, 3) each, metres.

    Closed ends stay where they are seen; open ends move out to the size that the prior expects,
    on both sides alike if both are open. Rows of unknown instances are undefined.

    A side that faces away from the viewer ends on average half a pixel beyond the outermost pixel
    centre; a side that faces him (of what stands to his right, the left one) is itself measured.

    Args:
        seen: visible extents.
        labels: noun of each instance.
        pixel: (instances,) metres that one pixel covers at the instance.
        prior: sizes by label.
    """
    half_pixel = np.stack([pixel / 2, pixel / 2, np.zeros_like(pixel)], axis=1)
    low = seen.low - half_pixel * (seen.low < 0)
    high = seen.high + half_pixel * (seen.high > 0)
    extent = np.maximum(high - low, LEAST_EXTENT)
    whole = ~(seen.open_low | seen.open_high)
    size = np.array(
        [
            prior.complete(label, extent[k], whole[k]) if seen.known[k] else extent[k]
            for k, label in enumerate(labels)
        ]
    ).reshape(-1, 3)
    missing = size - (high - low)
    both = seen.open_low & seen.open_high
    low = low - missing * np.where(both, 0.5, seen.open_low)
    high = low + size
    return (low + high) / 2, size


def _ends(points: Points) -> tuple[Array, Array]:
    """Trimmed low and high ends (3,) of points (n, 3)."""
    ordered, last = np.sort(points, axis=0), len(points) - 1
    axes = np.arange(3)
    low = np.round(last * np.array(TRIM_LOW)).astype(int)
    high = last - np.round(last * np.array(TRIM_HIGH)).astype(int)
    return ordered[low, axes], ordered[high, axes]


def _without_strays(pixels: NDArray[np.intp], away: NDArray[np.float32]) -> NDArray[np.intp]:
    """Pixels without invalid depth and without small groups that are far off in depth."""
    pixels, away = pixels[np.isfinite(away)], away[np.isfinite(away)]
    if len(pixels) < LEAST_PIXELS:
        return pixels
    order = np.argsort(away)
    starts = np.flatnonzero(np.diff(away[order]) > GAP) + 1
    if not len(starts):
        return pixels
    groups = np.split(order, starts)
    largest = max(len(group) for group in groups)
    least = min(largest, GAP_SHARE * len(pixels))
    return np.concatenate([pixels[group] for group in groups if len(group) >= least])


def _without_outliers(pixels: NDArray[np.intp], cloud: Points) -> NDArray[np.intp]:
    """Pixels whose points are not far off their neighbours, by Open3D's statistical test."""
    pixels = pixels[:: max(1, len(pixels) // OUTLIER_POINTS)]
    if len(pixels) <= NEIGHBOURS:
        return pixels
    o3d = open3d()
    points = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(cloud[pixels].astype(np.float64)))
    _, kept = points.remove_statistical_outlier(NEIGHBOURS, DEVIATIONS)
    return pixels[np.sort(np.asarray(kept, dtype=np.intp))]


def _bleeding(depth: Points, instances: NDArray[np.uint8], noise: float) -> Bools:
    """Pixels (height, width) that show what lies behind their instance's outline.

    A mask whose edge is off by a pixel or two, and a depth sensor that mixes two surfaces, both
    make a thin seam just behind a jump in depth inside the instance.
    """
    nearest, edge = depth.copy(), np.zeros(depth.shape, dtype=bool)
    for axis in (0, 1):
        for reach in range(1, BLEEDING_REACH + 1):
            first: list[slice] = [slice(None), slice(None)]
            second = list(first)
            first[axis], second[axis] = slice(None, -reach), slice(reach, None)
            a, b = tuple(first), tuple(second)
            same = instances[a] == instances[b]
            nearest[a] = np.where(same, np.fmin(nearest[a], depth[b]), nearest[a])
            nearest[b] = np.where(same, np.fmin(nearest[b], depth[a]), nearest[b])
            edge[a] |= ~same
            edge[b] |= ~same
    return edge & (depth - nearest > max(BLEEDING_STEP, 3 * noise))


def _hidden_sides(depth: Points, instances: NDArray[np.uint8]) -> list[tuple[Bools, Bools]]:
    """For x and y: flat (pixels,) flags that the neighbour on the low, on the high side hides.

    A neighbour hides if it is another instance and nearer by a step, or lies outside the picture.
    """
    sides = []
    for axis, lower_first in ((1, True), (0, False)):
        first, second = _pairs(axis)
        other = instances[first] != instances[second]
        step = depth[first] - depth[second]
        by_second = np.ones(depth.shape, dtype=bool)
        by_second[first] = other & (instances[second] > 0) & (step > OCCLUSION_STEP)
        by_first = np.ones(depth.shape, dtype=bool)
        by_first[second] = other & (instances[first] > 0) & (-step > OCCLUSION_STEP)
        flat = (by_first.reshape(-1), by_second.reshape(-1))
        sides.append(flat if lower_first else flat[::-1])
    return sides


def _pairs(axis: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of the first and second pixel of each pair of neighbours along an image axis."""
    cut = (slice(None, -1), slice(1, None))
    keep = slice(None)
    if axis == 1:
        return (keep, cut[0]), (keep, cut[1])
    return (cut[0], keep), (cut[1], keep)
