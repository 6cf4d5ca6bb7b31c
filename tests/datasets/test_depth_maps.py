"""Measured depth: formats, units, and everything that can be wrong with it."""

import numpy as np
import pytest
from PIL import Image

from spatial_dual.datasets.depth_maps import BadDepthError, depth_in_metres, read_depth
from spatial_dual.datasets.images import Crop

CROP = Crop(20, 60, 10)
RAMP = np.linspace(1, 3, 1200).reshape(20, 60)


def save(path, levels):
    Image.fromarray(levels).save(path)
    return path


@pytest.mark.parametrize(
    ("suffix", "levels", "unit"),
    [
        ("png", (RAMP * 1000).astype(np.uint16), 0.001),
        ("png", (RAMP * 5000).astype(np.uint16), 0.0002),
        ("png", (RAMP * 80).astype(np.uint8), 0.0125),
        ("tiff", (RAMP * 1000).astype(np.uint16), 0.001),
        ("tiff", RAMP.astype(np.float32), 1.0),
        ("tiff", (RAMP * 1000).astype(np.int32), 0.001),
    ],
)
def test_formats_and_units_give_the_same_metres(tmp_path, suffix, levels, unit):
    metres = read_depth(save(tmp_path / f"depth.{suffix}", levels), unit, CROP)
    assert metres.dtype == np.float32
    np.testing.assert_allclose(metres, CROP.sample(RAMP), atol=0.02)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.0, -2.0])
def test_what_is_no_distance_is_unknown(tmp_path, bad):
    levels = RAMP.astype(np.float32)
    levels[:, :30] = bad
    metres = read_depth(save(tmp_path / "depth.tiff", levels), 1.0, CROP)
    assert (metres[:, :5] == 0).all()
    np.testing.assert_allclose(metres[:, 5:], CROP.sample(RAMP)[:, 5:], atol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, -1.0])
def test_depth_of_nothing_is_refused(tmp_path, bad):
    path = save(tmp_path / "depth.tiff", np.full((20, 60), bad, np.float32))
    with pytest.raises(BadDepthError, match=r"depth\.tiff: 0 or unknown everywhere"):
        read_depth(path, 1.0, CROP)


def test_constant_depth_is_refused(tmp_path):
    path = save(tmp_path / "depth.png", np.full((20, 60), 2000, np.uint16))
    with pytest.raises(BadDepthError, match=r"the same depth everywhere \(2 m\)"):
        read_depth(path, 0.001, CROP)


@pytest.mark.parametrize(
    ("unit", "advice"),
    [(1.0, "a unit of 0.001 m would make it 2 m"), (1e-6, "a unit of 0.001 m would")],
)
def test_wrong_units_are_refused_with_a_better_one(tmp_path, unit, advice):
    path = save(tmp_path / "depth.png", (RAMP * 1000).astype(np.uint16))
    with pytest.raises(BadDepthError, match=advice):
        read_depth(path, unit, CROP)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_levels_that_no_usual_unit_makes_a_distance_are_refused(tmp_path, scale):
    path = save(tmp_path / "depth.tiff", (RAMP * scale).astype(np.float32))
    with pytest.raises(BadDepthError, match=r"depth\.tiff: .* no usual unit makes it a distance"):
        read_depth(path, 1.0, CROP)


def test_another_size_is_refused(tmp_path):
    path = save(tmp_path / "depth.png", np.zeros((10, 10), np.uint16))
    with pytest.raises(BadDepthError, match="depth is 10×10, the picture 60×20"):
        read_depth(path, 0.001, CROP)


def test_colour_is_refused(tmp_path):
    path = save(tmp_path / "depth.png", np.zeros((20, 60, 3), np.uint8))
    with pytest.raises(BadDepthError, match="one channel"):
        read_depth(path, 0.001, CROP)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n cut"])
def test_broken_files_are_refused(tmp_path, content):
    path = tmp_path / "depth.png"
    path.write_bytes(content)
    with pytest.raises(BadDepthError, match=r"depth\.png: "):
        read_depth(path, 0.001, CROP)


def test_overflow_is_unknown():
    levels = np.array([[1e308, 0.2], [0.3, 0.4]])
    np.testing.assert_allclose(depth_in_metres(levels, 10.0), [[0, 2], [3, 4]])
