"""Instances of photographs as annotators and detectors write them."""

import json

import numpy as np
import pytest

from spatial_dual.datasets.images import Crop
from spatial_dual.datasets.photos.instances import BadInstancesError, paint, read_instances


def written(*boxes: list[float]) -> str:
    return json.dumps([{"label": "cup", "box": box} for box in boxes])


def test_boxes_of_no_area_and_small_overshoots_cost_no_picture() -> None:
    instances = read_instances(written([0.5, 0.2, 0.5, 0.4], [-0.02, 0.0, 0.5, 1.0]))
    canvas, order = paint(instances, Crop(8, 8, 8), max_objects=4)
    assert order == [1]  # the second alone is seen
    assert np.array_equal(canvas, np.repeat([[1] * 4 + [0] * 4], 8, axis=0))


@pytest.mark.parametrize("box", [[0.6, 0.2, 0.4, 0.4], [9, 9, 50, 50], [0.1, 0.9, 0.2, 0.3]])
def test_reversed_boxes_and_pixels_are_refused(box: list[float]) -> None:
    with pytest.raises(BadInstancesError, match=r"instance 1: box .* divide pixels"):
        read_instances(written([0.1, 0.1, 0.2, 0.2], box))
