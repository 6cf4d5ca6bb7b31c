"""Colour and texture words of painted patches."""

import numpy as np
import pytest

from spatial_dual.perception.appearance import COLOURS, appearance


def paint(colour, pattern="plain", side=48):
    """One instance of a colour and pattern in the middle of a grey picture, evenly shaded."""
    image = np.full((side, side, 3), 120, dtype=np.uint8)
    instances = np.zeros((side, side), dtype=np.uint8)
    rows, columns = np.mgrid[:side, :side]
    dark = {
        "plain": rows < 0,
        "striped": rows // 4 % 2 == 0,
        "checkered": (rows // 4 + columns // 4) % 2 == 0,
    }[pattern]
    instances[8:40, 8:40] = 1
    surface = np.where(dark[..., None], np.array(colour) * 0.55, np.array(colour))
    shading = np.linspace(0.9, 1.0, side)[None, :, None]
    image[instances == 1] = (surface * shading)[instances == 1].astype(np.uint8)
    return image, instances


@pytest.mark.parametrize("name", COLOURS)
def test_basic_colours_get_their_name(name):
    image, instances = paint(COLOURS[name])
    assert appearance(image, instances, 1) == [(name, "plain")]


@pytest.mark.parametrize("pattern", ["striped", "checkered"])
@pytest.mark.parametrize("name", ["red", "blue", "white"])
def test_patterns(name, pattern):
    image, instances = paint(COLOURS[name], pattern)
    assert appearance(image, instances, 1)[0][-1] == pattern


@pytest.mark.parametrize("name", ["red", "green", "blue", "yellow"])
def test_shade_keeps_the_name(name):
    image, instances = paint(np.array(COLOURS[name]) * 0.75)
    assert appearance(image, instances, 1)[0][0] == name


def test_noise_has_no_texture_word():
    image, instances = paint(COLOURS["grey"])
    noise = np.random.default_rng(0).integers(-60, 60, (*image.shape[:2], 1))
    image = np.clip(image + noise, 0, 255).astype(np.uint8)
    assert not set(appearance(image, instances, 1)[0]) & {"plain", "striped", "checkered"}


def test_no_pixels_no_words():
    image, instances = paint(COLOURS["red"])
    instances[0, 0] = 3
    words = appearance(image, instances, 3)
    assert words[1] == ()
    assert words[2] == ("grey",)
