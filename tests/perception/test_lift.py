"""Lifting against exactly ray-cast boxes."""

import json
import math

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from spatial_dual.perception.camera import Camera
from spatial_dual.perception.gravity import find_gravity
from spatial_dual.perception.lift import depth_graph, lift
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.scene.graph import Box3D, SceneGraph, SceneObject
from spatial_dual.scene.relations import relations_of

FLOOR = -1.4
TABLE, CUP, CRATE = (1.0, 0.7, 0.6), (0.2, 0.2, 0.2), (0.5, 0.5, 0.5)
SCENE = {
    "crate": ((-0.7, FLOOR + 0.25, 3.0), CRATE),
    "table": ((0.5, FLOOR + 0.35, 2.5), TABLE),
    "cup": ((0.4, FLOOR + 0.8, 2.5), CUP),
}


def cast(boxes, side=96, fov_deg=60.0, pitch_deg=20.0, roll_deg=0.0, wall=6.0):
    """Depth and instances of boxes above a floor, before a wall, by exact ray casting."""
    pitch, roll = math.radians(pitch_deg), math.radians(roll_deg)
    grid = ((np.arange(side) + 0.5) / side * 2 - 1) * math.tan(math.radians(fov_deg) / 2)
    right, up = np.meshgrid(grid, -grid)
    right, up = (
        right * math.cos(roll) - up * math.sin(roll),
        right * math.sin(roll) + up * math.cos(roll),
    )
    cos, sin = math.cos(pitch), math.sin(pitch)
    rays = np.stack([right, up * cos - sin, up * sin + cos], axis=-1)  # optical depth 1
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.where(rays[..., 1] < 0, FLOOR / rays[..., 1], np.inf)
        depth = np.minimum(floor, wall / rays[..., 2])
        instances = np.zeros((side, side), dtype=np.uint8)
        for number, (center, size) in enumerate(boxes, start=1):
            low, high = np.subtract(center, np.array(size) / 2), np.add(center, np.array(size) / 2)
            ends = np.sort(np.stack([low / rays, high / rays]), axis=0)
            enter, leave = ends[0].max(-1), ends[1].min(-1)
            seen = (enter < leave) & (enter > 0) & (enter < depth)
            depth = np.where(seen, enter, depth)
            instances[seen] = number
    return depth.astype(np.float32), instances


def gold(boxes):
    objects = tuple(
        SceneObject(label=label, box=Box3D(center=center, size=size))
        for label, (center, size) in boxes.items()
    )
    return SceneGraph(objects=objects, relations=relations_of(objects))


def edges(graph):
    return {(r.subject, r.predicate, r.object) for r in graph.relations}


@pytest.mark.parametrize("pitch", [0.0, 12.0, 35.0])
@pytest.mark.parametrize("side", [96, 200])
def test_boxes_and_gravity_are_recovered(pitch, side):
    depth, instances = cast(SCENE.values(), side=side, pitch_deg=pitch, fov_deg=70)
    lifted = lift(depth, instances, list(SCENE), Camera(70), SizePrior.fit([gold(SCENE)]))
    up = [0, math.cos(math.radians(pitch)), -math.sin(math.radians(pitch))]
    assert lifted.gravity.source == "floor"
    assert lifted.gravity.confidence > 0.8
    assert math.degrees(math.acos(min(1, lifted.gravity.up @ up))) < 0.5
    assert lifted.known.all()
    pixel = 2.5 / Camera(70).pixel_intrinsics(side, side)[0]
    expected = [np.array([box[part] for box in SCENE.values()]) for part in (0, 1)]
    np.testing.assert_allclose(lifted.centers, expected[0], atol=1.2 * pixel)
    np.testing.assert_allclose(lifted.sizes, expected[1], atol=1.2 * pixel)


def test_roll_is_undone():
    depth, instances = cast(SCENE.values(), roll_deg=8.0)
    lifted = lift(depth, instances, list(SCENE), Camera(60), SizePrior.fit([gold(SCENE)]))
    expected = np.array([center for center, _ in SCENE.values()])
    np.testing.assert_allclose(lifted.centers, expected, atol=0.05)


def test_graph_has_the_gold_relations():
    depth, instances = cast(SCENE.values())
    prior = SizePrior.fit([gold(SCENE)])
    graph = depth_graph(depth, instances, list(SCENE), Camera(60), prior)
    assert edges(graph) == edges(gold(SCENE))
    assert ("cup", "on", "table") in graph.triplets()
    assert {relation.source for relation in graph.relations} == {"depth"}


def test_hidden_side_is_completed_from_the_prior():
    boxes = {
        "cabinet": ((0.45, FLOOR + 0.6, 2.0), (1.0, 1.2, 0.6)),
        "crate": ((-0.05, FLOOR + 0.25, 3.0), CRATE),
    }
    depth, instances = cast(boxes.values(), pitch_deg=10)
    visible = lift(depth, instances, list(boxes), Camera(60), SizePrior())
    assert visible.sizes[1, 0] < 0.4, "the cabinet must hide a part, or this proves nothing"
    whole = lift(depth, instances, list(boxes), Camera(60), SizePrior.fit([gold(boxes)]))
    np.testing.assert_allclose(whole.sizes[1], CRATE, atol=0.05)
    np.testing.assert_allclose(whole.centers[1], boxes["crate"][0], atol=0.05)


def test_bleeding_edges_do_not_stretch_the_box():
    depth, instances = cast(SCENE.values())
    cup = np.argwhere(instances == 3)
    depth[tuple(cup[:3].T)] = 6.0  # three of the cup's pixels show the wall
    prior = SizePrior.fit([gold(SCENE)])
    lifted = lift(depth, instances, list(SCENE), Camera(60), prior)
    np.testing.assert_allclose(lifted.centers[2], SCENE["cup"][0], atol=0.05)


def test_masks_that_reach_over_their_edge_do_not_stretch_the_box():
    depth, instances = cast(SCENE.values())
    truth = lift(depth, instances, list(SCENE), Camera(60), SizePrior.fit([gold(SCENE)]))
    wide = instances.copy()
    for number in (1, 2, 3):
        wide[binary_dilation(instances == number, iterations=2) & (instances == 0)] = number
    lifted = lift(depth, wide, list(SCENE), Camera(60), SizePrior.fit([gold(SCENE)]))
    # what a mask takes of the floor in front lies at the crate's own depth, and stays
    np.testing.assert_allclose(lifted.centers, truth.centers, atol=0.12)
    np.testing.assert_allclose(lifted.sizes[:, 1:], truth.sizes[:, 1:], atol=0.06)


def test_stray_points_of_rough_depth_do_not_stretch_the_box():
    depth, instances = cast(SCENE.values())
    generator = np.random.default_rng(0)
    noisy = depth * generator.normal(1, 0.004, depth.shape)
    crate = np.argwhere(instances == 1)
    strays = crate[generator.choice(len(crate), 5, replace=False)]
    noisy[tuple(strays.T)] -= 0.2  # too near the crate for the gap in depth to tell
    lifted = lift(noisy, instances, list(SCENE), Camera(60), SizePrior.fit([gold(SCENE)]))
    np.testing.assert_allclose(lifted.centers[0], SCENE["crate"][0], atol=0.05)


def test_crumbs_of_valid_depth_are_no_position():
    depth, instances = cast(SCENE.values())
    crate = np.argwhere(instances == 1)
    depth[tuple(crate[len(crate) // 30 :].T)] = 0
    assert not lift(depth, instances, list(SCENE), Camera(60), SizePrior()).known[0]


@pytest.mark.parametrize("invalid", [0.0, np.nan, np.inf, -1.0])
def test_object_without_depth_gets_no_box_and_no_relation(invalid):
    depth, instances = cast(SCENE.values())
    depth[instances == 3] = invalid
    graph = depth_graph(depth, instances, list(SCENE), Camera(60), SizePrior())
    assert [item.box is None for item in graph.objects] == [False, False, True]
    assert graph.objects[2].region is not None
    assert not any(2 in (r.subject, r.object) for r in graph.relations)


def test_instance_without_pixels_is_left_out():
    depth, instances = cast(SCENE.values())
    graph = depth_graph(
        depth,
        instances,
        [*SCENE, "ghost"],
        Camera(60),
        SizePrior(),
        attributes=[("red",), (), ("blue",), ()],
        scores=[0.9, 0.8, 0.7, 0.6],
        place="kitchen",
    )
    assert [item.label for item in graph.objects] == list(SCENE)
    assert graph.objects[0].attributes == ("red",)
    assert graph.objects[2].attributes == ("blue", "small"), "0.2 m is small for anything"
    assert graph.objects[2].confidence == 0.7
    assert graph.place == "kitchen"


def test_no_floor_falls_back_with_low_confidence():
    wall = Camera(60).unproject(np.full((64, 64), 3.0))
    background = np.ones((64, 64), dtype=bool)
    stated = find_gravity(wall, background, Camera(60, pitch_deg=30, source="given"), 0.0)
    assert stated.source == "camera"
    np.testing.assert_allclose(stated.up, [0, math.cos(math.pi / 6), -0.5], atol=1e-9)
    along = find_gravity(wall, background, Camera(60), 0.0)
    assert along.source == "wall"
    np.testing.assert_allclose(along.up, [0, 1, 0], atol=1e-3)
    clutter = np.random.default_rng(0).uniform(1, 5, (64, 64))
    assumed = find_gravity(Camera(60).unproject(clutter), background, Camera(60), 0.0)
    assert assumed.source == "assumed"
    assert assumed.confidence < along.confidence < stated.confidence


@pytest.mark.parametrize("pitch", [62.0, 75.0, 90.0])
def test_steep_views_are_levelled_where_the_pitch_is_stated(pitch):
    above = {"crate": ((-0.3, FLOOR + 0.25, 0.7), CRATE), "cup": ((0.4, FLOOR + 0.1, 1.2), CUP)}
    depth, instances = cast(above.values(), pitch_deg=pitch, fov_deg=100)
    camera = Camera(100, pitch_deg=pitch, source="given")
    lifted = lift(depth, instances, list(above), camera, SizePrior.fit([gold(above)]))
    assert lifted.gravity.source == "floor"
    right, up, away = lifted.gravity.rotation()
    np.testing.assert_allclose(np.cross(up, away), right, atol=1e-9)
    np.testing.assert_allclose(lifted.centers[0], above["crate"][0], atol=0.08)
    np.testing.assert_allclose(lifted.centers[1], above["cup"][0], atol=0.08)


def test_same_input_same_bytes():
    depth, instances = cast(SCENE.values())
    for seed in range(8):
        noise = np.random.default_rng(seed).normal(1, 0.02, depth.shape)
        points, background = Camera(60).unproject(depth * noise), instances == 0
        found = {find_gravity(points, background, Camera(60), 0.06).up.tobytes() for _ in range(8)}
        assert len(found) == 1
        graphs = [
            depth_graph(depth * noise, instances, list(SCENE), Camera(60), SizePrior())
            for _ in range(2)
        ]
        assert graphs[0].to_json() == graphs[1].to_json()


def test_shapes_and_numbers_are_checked():
    depth, instances = cast(SCENE.values())
    with pytest.raises(ValueError, match=r"depth \(95, 96\) and instances"):
        lift(depth[1:], instances, list(SCENE), Camera(60), SizePrior())
    with pytest.raises(ValueError, match="number 3, but there are 2 labels"):
        lift(depth, instances, ["a", "b"], Camera(60), SizePrior())


def test_camera_reads_records_and_checks():
    rendered = json.dumps({"fov_deg": 50, "pitch_deg": 20, "height_m": 1.2, "source": "rendered"})
    assert Camera.from_json(rendered) == Camera(50, 20, None, "rendered")
    given = json.dumps({"fx": 300.0, "fy": 310.0, "cx": 160.0, "cy": 120.0, "source": "given"})
    assert Camera.from_json(given).pixel_intrinsics(240, 320) == (300, 310, 160, 120)
    assert Camera.from_json("").source == "assumed"
    with pytest.raises(ValueError, match="fov_deg must lie within"):
        Camera(0)
    with pytest.raises(ValueError, match="focal lengths must be positive"):
        Camera(intrinsics=(0, 1, 0, 0))
    with pytest.raises(ValueError, match="expected a JSON object"):
        Camera.from_json("[1]")


def test_unproject_inverts_projection():
    camera = Camera(60)
    points = camera.unproject(np.full((4, 6), 2.0))
    fx, fy, cx, cy = camera.pixel_intrinsics(4, 6)
    columns = points[..., 0] / points[..., 2] * fx + cx - 0.5
    rows = cy - points[..., 1] / points[..., 2] * fy - 0.5
    np.testing.assert_allclose(columns, np.tile(np.arange(6), (4, 1)), atol=1e-5)
    np.testing.assert_allclose(rows, np.tile(np.arange(4)[:, None], (1, 6)), atol=1e-5)
