"""What the layout puts on, in, under, above and behind comes out so from the boxes alone."""

import numpy as np
import pytest

from spatial_dual.render.camera import Camera
from spatial_dual.render.catalogue import CLASSES, PART_SLOTS, ROOMS
from spatial_dual.render.placement import Placement, attached
from spatial_dual.render.world import Shell, Thing
from spatial_dual.scene.graph import Box3D, SceneObject
from spatial_dual.scene.relations import relations_of

CAMERA = Camera(50.0, 24.0, 1.4)
SHELL = Shell(ROOMS["kitchen"], 0.1, 4.2, 2.5, 2.5, (1.0, 1.0))


def thing(name, center, yaw=0.0, extent=None):
    kind = CLASSES[name]
    extent = extent or kind.extent
    return Thing(kind, "red", "plain", "small", kind.poses[0], center, extent, yaw)


def node(item):
    return SceneObject(
        label=item.kind.name, box=Box3D(center=item.center, size=item.extent, yaw=item.yaw)
    )


def stated(subject, host):
    relations = relations_of([node(subject), node(host)], "gold")
    return {(r.subject, r.predicate, r.object) for r in relations}


def standing(name, yaw):
    height = CLASSES[name].extent[1]
    return thing(name, (0.1, height / 2 - CAMERA.height_m, 2.7), yaw)


@pytest.mark.parametrize(
    ("method", "predicate", "name", "host"),
    [
        ("on", "on", "cup", "table"),
        ("on", "on", "ball", "sofa"),
        ("on", "on", "book", "bed"),
        ("on", "on", "ball", "chair"),
        ("on", "on", "cup", "stool"),
        ("on", "on", "television", "cabinet"),
        ("on", "on", "ball", "shelf"),
        ("inside", "in", "ball", "basket"),
        ("inside", "in", "bottle", "crate"),
        ("inside", "in", "cup", "shelf"),
        ("under", "under", "ball", "table"),
        ("under", "under", "crate", "table"),
        ("above", "above", "lantern", "table"),
        ("above", "above", "lantern", "bed"),
    ],
)
def test_placed_things_carry_their_relation(method, predicate, name, host):
    whole = standing(host, yaw=0.25)
    placement = Placement(CAMERA, SHELL, np.random.default_rng(3))
    yaw = 0.4
    spots = getattr(placement, method)(whole)(CLASSES[name].extent, yaw)
    assert len(spots) > 5
    for spot in spots:
        found = stated(thing(name, tuple(spot), yaw), whole)
        assert (0, predicate, 1) in found


def test_hidden_things_are_behind():
    whole = standing("cabinet", yaw=0.0)
    placement = Placement(CAMERA, SHELL, np.random.default_rng(3))
    spots = placement.behind(whole)(CLASSES["ball"].extent, 0.0)
    assert len(spots)
    for spot in spots:
        assert (0, "behind", 1) in stated(thing("ball", tuple(spot)), whole)


@pytest.mark.parametrize("whole_name", PART_SLOTS)
@pytest.mark.parametrize("yaw", [0.0, 1.2, -1.4])
def test_part_and_whole_carry_part_of_and_nothing_else(whole_name, yaw):
    whole = standing(whole_name, yaw)
    part_name, slots = PART_SLOTS[whole_name]
    for slot in slots:
        part = thing(part_name, attached(whole, slot), yaw)
        assert stated(part, whole) == {(0, "part of", 1)}


def test_occupied_and_invisible_spots_are_refused():
    placement = Placement(CAMERA, SHELL, np.random.default_rng(3))
    extent = CLASSES["crate"].extent
    y = extent[1] / 2 - CAMERA.height_m
    middle = (0.0, y, 2.7)
    assert placement.first_free(np.array([middle]), extent, 0.0, None) == middle
    placement.occupy(middle, extent, 0.0, None)
    near, far, outside = (0.2, y, 2.8), (0.0, y, 4.2), (3.0, y, 2.7)
    assert placement.first_free(np.array([near, far, outside]), extent, 0.0, None) is None
    aside = (-0.9, y, 2.7)
    assert placement.first_free(np.array([near, aside]), extent, 0.0, None) == aside
