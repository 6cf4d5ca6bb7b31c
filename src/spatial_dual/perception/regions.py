"""Image-plane boxes of instances."""

import numpy as np
from numpy.typing import NDArray

Region = tuple[float, float, float, float]


def instance_regions(instances: NDArray[np.uint8], count: int) -> list[Region | None]:
    """Box (x0, y0, x1, y1) in 0..1 around the pixels of each instance, None where it has none.

    Args:
        instances: (height, width), 0 = background, k = instance number.
        count: number of instances.
    """
    height, width = instances.shape
    rows, columns = _spans(instances, count), _spans(instances.T, count)
    return [
        (c[0] / width, r[0] / height, c[1] / width, r[1] / height) if r is not None else None
        for c, r in zip(columns, rows, strict=True)
        for c in [c or (0, 0)]
    ]


def _spans(instances: NDArray[np.uint8], count: int) -> list[tuple[int, int] | None]:
    """First and one past the last row that each instance touches."""
    height = instances.shape[0]
    touched = np.zeros((count + 1, height), dtype=bool)
    touched[instances, np.arange(height)[:, None]] = True
    first = touched.argmax(1)
    last = height - touched[:, ::-1].argmax(1)
    return [
        (int(first[k]), int(last[k])) if touched[k].any() else None for k in range(1, count + 1)
    ]
