"""Where an object sits in the view, as five quantised numbers: the geometry nodes of a 3DSG.

column, row     centre of the image-plane box, uniform bins over a little more than the picture
width, height   extents of that box as shares of the picture, logarithmic bins
distance        metres along z, logarithmic bins
"""

import numpy as np
from numpy.typing import NDArray

from spatial_dual.scene.graph import SceneObject

GEOMETRY = ("column", "row", "width", "height", "distance")
GEOMETRY_BINS = 16
_CENTER = (-0.125, 1.125)
_EXTENT = (0.03, 1.5)
_DISTANCE = (0.6, 9.0)
_LOW = np.array([_CENTER[0], _CENTER[0], *np.log([_EXTENT[0], _EXTENT[0], _DISTANCE[0]])])
_HIGH = np.array([_CENTER[1], _CENTER[1], *np.log([_EXTENT[1], _EXTENT[1], _DISTANCE[1]])])


def geometry_values(item: SceneObject) -> NDArray[np.float64]:
    """(5,) column, row, log width, log height, log distance; NaN where unknown."""
    values = np.full(5, np.nan)
    if item.region is not None:
        x0, y0, x1, y1 = item.region
        values[:2] = (x0 + x1) / 2, (y0 + y1) / 2
        values[2:4] = np.log([max(x1 - x0, 1e-3), max(y1 - y0, 1e-3)])
    distance = item.distance if item.box is None else item.box.center[2]
    if distance is not None and distance > 0:
        values[4] = np.log(distance)
    return values


def geometry_to_bins(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """(..., 5) values to bins 1..``GEOMETRY_BINS``; 0 stands for unknown (NaN)."""
    share = (values - _LOW) / (_HIGH - _LOW)
    known = np.isfinite(share)
    bins = np.floor(np.where(known, share, 0) * GEOMETRY_BINS).astype(np.int64)
    return np.where(known, 1 + np.clip(bins, 0, GEOMETRY_BINS - 1), 0)


def bins_to_geometry(bins: NDArray[np.integer]) -> NDArray[np.float64]:
    """Bin centres as (..., 5) column, row, width, height (shares), distance (m); NaN for bin 0."""
    share = (bins - 0.5) / GEOMETRY_BINS
    values = _LOW + share * (_HIGH - _LOW)
    values[..., 2:] = np.exp(values[..., 2:])
    return np.where(bins > 0, values, np.nan)


def region_of(geometry: NDArray[np.float64]) -> tuple[float, float, float, float] | None:
    """Image-plane box (x0, y0, x1, y1) of one row of ``bins_to_geometry``; None if unknown."""
    column, row, width, height = (float(v) for v in geometry[:4])
    if not np.isfinite([column, row, width, height]).all():
        return None
    return column - width / 2, row - height / 2, column + width / 2, row + height / 2
