"""Closed-form hits against a dense march along each ray."""

import numpy as np
import pytest

from spatial_dual.render import intersect, occlude
from spatial_dual.render.intersect import Lighting

STEP = 0.002
UNIT = Lighting((1.0, 1.0, 1.0), (0.0, 1.0, 0.0), (0.0, 1.0, 0.0))


def inside_box(p):
    return np.abs(p).max(axis=0) < 1


def inside_ball(p):
    return (p * p).sum(axis=0) < 1


def inside_frustum(taper):
    def inside(p):
        radius = 1 + (taper - 1) / 2 * (p[1] + 1)
        return (np.abs(p[1]) < 1) & (p[0] ** 2 + p[2] ** 2 < radius**2)

    return inside


BODIES = {
    "box": (lambda o, r: intersect.box(o, r, UNIT), inside_box, occlude.box),
    "ball": (lambda o, r: intersect.ellipsoid(o, r, UNIT), inside_ball, occlude.ellipsoid),
    **{
        f"frustum {taper}": (
            lambda o, r, taper=taper: intersect.frustum(o, r, UNIT, taper, hollow=False),
            inside_frustum(taper),
            lambda p, light, taper=taper: occlude.frustum(p, light, taper),
        )
        for taper in (0.05, 0.5, 1.0, 1.4)
    },
}


def rays(seed, count=400):
    generator = np.random.default_rng(seed)
    origin = generator.normal(size=3)
    origin *= 4 / np.linalg.norm(origin)
    target = generator.uniform(-1.2, 1.2, (3, count))
    direction = (target - origin[:, None]) / 4
    return origin.tolist(), [row[None].astype(np.float32) for row in direction]


def march(origin, ray, inside):
    """First t at which each ray is inside, inf if never."""
    t = np.arange(0, 8, STEP)
    points = np.array(origin)[:, None, None] + np.concatenate(ray)[:, :, None] * t
    hit = inside(points.reshape(3, -1)).reshape(points.shape[1:])
    return np.where(hit.any(-1), t[hit.argmax(-1)], np.inf)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("seed", range(4))
def test_first_hit_is_where_a_dense_march_enters(name, seed):
    cast, inside, _ = BODIES[name]
    origin, ray = rays(seed)
    with np.errstate(all="ignore"):
        depth = cast(origin, ray)[0][0]
    expected = march(origin, ray, inside)
    both = np.isfinite(depth) & np.isfinite(expected)
    assert both.sum() > 100
    # A ray that grazes an edge may slip between two steps of the march.
    assert (np.isfinite(depth) != np.isfinite(expected)).mean() < 0.02
    assert np.quantile(np.abs(depth[both] - expected[both]), 0.99) < 2 * STEP


@pytest.mark.parametrize("name", BODIES)
def test_shadow_is_where_a_march_to_the_light_meets_the_body(name):
    _, inside, blocked = BODIES[name]
    generator = np.random.default_rng(7)
    point = generator.uniform(-2, 2, (3, 600))
    point = point[:, ~inside(point)]
    light = np.array([0.35, 0.8, -0.45])
    with np.errstate(all="ignore"):
        shadow = blocked([row[None].astype(np.float32) for row in point], light.tolist())[0]
    t = np.arange(0, 6, STEP)
    path = point[:, :, None] + light[:, None, None] * t
    expected = inside(path.reshape(3, -1)).reshape(path.shape[1:]).any(-1)
    assert 0.05 < expected.mean() < 0.95
    assert (shadow != expected).mean() < 0.01


def test_hollow_frustum_shows_its_inside_and_has_no_lid():
    origin, up = [0.0, 4.0, 0.0], np.linspace(-0.55, 0.55, 11, dtype=np.float32)
    ray = [up[None], np.full((1, 11), -1, np.float32), np.zeros((1, 11), np.float32)]
    with np.errstate(all="ignore"):
        hollow, cosine, _ = intersect.frustum(origin, ray, UNIT, 1.0, hollow=True)
        solid, _, _ = intersect.frustum(origin, ray, UNIT, 1.0, hollow=False)
    middle = np.abs(up) < 1 / 5  # reaches the bottom, nearly 5 below the eye
    wall = (np.abs(up) > 1 / 5) & (np.abs(up) < 1 / 3)  # enters by the mouth, 3 below
    np.testing.assert_allclose(solid[0][middle | wall], 3, rtol=1e-5)
    np.testing.assert_allclose(hollow[0][middle], 4 - intersect.HOLLOW_BOTTOM, rtol=1e-5)
    np.testing.assert_allclose(cosine[0][middle], 1, rtol=1e-5)
    np.testing.assert_allclose(hollow[0][wall], 1 / np.abs(up[wall]), rtol=1e-5)


def test_normals_of_a_stretched_ball():
    half = np.array([0.5, 2.0, 1.0])
    light = np.array([0.6, 0.8, 0.0])
    origin, ray = rays(1)
    lighting = Lighting((1 / half).tolist(), light.tolist(), (0.0, 1.0, 0.0))
    with np.errstate(all="ignore"):
        depth, cosine, sky = intersect.ellipsoid(origin, ray, lighting)
    hit = np.isfinite(depth[0])
    unit = np.array(origin)[:, None] + np.concatenate(ray)[:, hit] * depth[0][hit]
    normal = unit / half[:, None]  # gradient of |x / half|² at x = half * unit, up to a factor
    normal /= np.linalg.norm(normal, axis=0)
    np.testing.assert_allclose(cosine[0][hit], light @ normal, atol=1e-4)
    np.testing.assert_allclose(sky[0][hit], normal[1], atol=1e-4)
