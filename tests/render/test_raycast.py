"""Culling changes nothing; depth, ids, visibility and regions agree with each other."""

import numpy as np
import pytest

from spatial_dual.render import raycast
from spatial_dual.render.raycast import cast

SIZE = 64


def test_bounds_cull_nothing_that_is_seen_or_shaded(worlds, monkeypatch):
    drawn = [cast(world, SIZE) for world in worlds(12)]
    everywhere = (slice(0, SIZE), slice(0, SIZE))
    monkeypatch.setattr(
        raycast._Caster,
        "_windows",
        lambda self, bounds: ((k, everywhere) for k in range(len(bounds))),
    )
    for world, culled in zip(worlds(12), drawn, strict=True):
        full = cast(world, SIZE)
        np.testing.assert_array_equal(culled.instances, full.instances)
        np.testing.assert_array_equal(culled.depth, full.depth)
        np.testing.assert_array_equal(culled.shadow, full.shadow)
        np.testing.assert_array_equal(culled.visibility, full.visibility)


def test_floor_pixels_lie_on_the_floor(worlds):
    for world in worlds(5):
        hits = cast(world, SIZE)
        rows, columns = np.nonzero(hits.primitive == -4)
        rays = world.camera.ray((columns + 0.5) / SIZE, (rows + 0.5) / SIZE)
        points = rays * hits.depth[rows, columns][:, None]
        np.testing.assert_allclose(points[:, 1], -world.camera.height_m, atol=1e-4)


def test_visible_points_lie_in_the_box_of_their_object(worlds):
    for world in worlds(20):
        hits = cast(world, SIZE)
        for number, thing in enumerate(world.things, 1):
            rows, columns = np.nonzero(hits.instances == number)
            rays = world.camera.ray((columns + 0.5) / SIZE, (rows + 0.5) / SIZE)
            points = rays * hits.depth[rows, columns][:, None] - np.array(thing.center)
            cos, sin = np.cos(thing.yaw), np.sin(thing.yaw)
            own = points @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
            assert (np.abs(own) <= np.array(thing.extent) / 2 * 1.06 + 1e-3).all(), thing.kind.name


def test_regions_hold_the_visible_pixels_tightly(worlds):
    for world in worlds(20):
        hits = cast(world, 128)
        for number in np.flatnonzero(hits.visibility == 1):
            rows, columns = np.nonzero(hits.instances == number + 1)
            x0, y0, x1, y1 = np.clip(hits.regions[number] * 128, 0, 128)
            assert columns.min() + 0.5 >= x0 - 1e-3
            assert columns.max() + 0.5 <= x1 + 1e-3
            assert rows.min() + 0.5 >= y0 - 1e-3
            assert rows.max() + 0.5 <= y1 + 1e-3
            # Thin legs and ears can fall between pixel centres.
            assert (x1 - x0) - (np.ptp(columns) + 1) < 4
            assert (y1 - y0) - (np.ptp(rows) + 1) < 4


def test_an_object_in_front_lowers_visibility(worlds):
    world = next(w for w in worlds(30) if (cast(w, SIZE).visibility < 0.5).any())
    hits = cast(world, SIZE)
    hidden = int(np.argmin(hits.visibility))
    alone = cast(
        type(world)(world.camera, world.shell, world.light, world.things[hidden:][:1]), SIZE
    )
    assert alone.visibility[0] == 1
    assert (alone.instances > 0).sum() > (hits.instances == hidden + 1).sum()


@pytest.mark.parametrize("size", [32, 96])
def test_any_size(worlds, size):
    (world,) = worlds(1)
    hits = cast(world, size)
    assert hits.depth.shape == (size, size)
    np.testing.assert_allclose(hits.regions, cast(world, 128).regions)
