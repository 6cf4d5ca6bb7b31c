"""What the picture itself shows of pairs of things, beside their boxes: contact, order, occlusion.

A relation whose clearance in depth is short of certain is kept where the picture shows it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spatial_dual.perception.regions import Region
from spatial_dual.scene.graph import SPATIAL_PREDICATES

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

REACH = 0.012
"""Outlines that are apart by at most this share of the picture's height may touch."""
CONTINUOUS = 0.04
"""Two surfaces touch where their depths differ by at most this share..."""
CONTACT_SHARE = 0.4
"""...along this share of the lower outline of the upper one."""
STEP = 0.04
"""A thing hides another where it is nearer by more than this share of the depth..."""
LEAST_BORDER = 4
"""...along at least so many pixels..."""
ONE_SIDED = 3.0
"""...and so many times as many as the other way round."""


def picture_evidence(
    depth: NDArray[np.floating],
    instances: NDArray[np.uint8],
    regions: Sequence[Region | None],
    noise: float,
) -> Bools:
    """What the picture shows, (instances, instances, predicates) by ``SPATIAL_PREDICATES``.

    on, in         the lower outline touches the other thing, at about the same depth
    left, right    each centre lies beyond the other's side in the picture
    front, behind  one hides a part of the other

    Nothing is shown of the other predicates.

    Args:
        depth: (height, width) metres along the optical axis, NaN where invalid.
        instances: (height, width), 0 = background, k = instance number.
        regions: picture box of each instance, None without pixels.
        noise: standard deviation of the depth of a pixel, metres.
    """
    count = len(regions)
    touches = _contact(depth, instances, count, noise)
    left = _left(regions)
    hides = _hides(depth, instances, count, noise)
    shown = np.zeros((count, count, len(SPATIAL_PREDICATES)), dtype=bool)
    for predicate, pairs in (
        ("on", touches),
        ("in", touches),
        ("to the left of", left),
        ("to the right of", left.T),
        ("in front of", hides),
        ("behind", hides.T),
    ):
        shown[..., SPATIAL_PREDICATES.index(predicate)] = pairs
    return shown


def _contact(
    depth: NDArray[np.floating], instances: NDArray[np.uint8], count: int, noise: float
) -> Bools:
    """[i, j]: i's lower outline meets j's surface."""
    reach = max(1, round(REACH * instances.shape[0]))
    outline = np.zeros(instances.shape, dtype=bool)
    outline[:-1] = (instances[:-1] > 0) & (instances[:-1] != instances[1:])
    length = np.bincount(instances[outline], minlength=count + 1)
    pairs = np.zeros((count + 1, count + 1))
    for step in range(1, reach + 1):
        upper, lower = instances[:-step], instances[step:]
        near, far = depth[:-step], depth[step:]
        meets = outline[:-step] & (lower > 0) & (lower != upper)
        meets &= np.abs(near - far) <= CONTINUOUS * near + 2 * noise
        outline[:-step] &= ~meets
        np.add.at(pairs, (upper[meets], lower[meets]), 1)
    share = pairs / np.maximum(length, 1)[:, None]
    return np.asarray(share[1:, 1:] >= CONTACT_SHARE)


def _left(regions: Sequence[Region | None]) -> Bools:
    unseen = (np.nan,) * 4
    x0, _, x1, _ = np.array([region or unseen for region in regions]).reshape(-1, 4).T
    middle, half = (x0 + x1) / 2, (x1 - x0) / 2
    apart = middle[None, :] - middle[:, None]
    return np.asarray(apart > np.maximum(half[:, None], half[None, :]))


def _hides(
    depth: NDArray[np.floating], instances: NDArray[np.uint8], count: int, noise: float
) -> Bools:
    """[i, j]: where i and j border on each other, i is nearer."""
    nearer = np.zeros((count + 1, count + 1))
    for first, second in (
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        border = (instances[first] != instances[second]) & (instances[first] > 0)
        border &= instances[second] > 0
        a, b = instances[first][border], instances[second][border]
        farther = depth[second][border] - depth[first][border]
        least = STEP * depth[first][border] + 3 * noise
        np.add.at(nearer, (a[farther > least], b[farther > least]), 1)
        np.add.at(nearer, (b[-farther > least], a[-farther > least]), 1)
    sure = (nearer >= LEAST_BORDER) & (nearer > ONE_SIDED * nearer.T)
    return np.asarray(sure[1:, 1:])
