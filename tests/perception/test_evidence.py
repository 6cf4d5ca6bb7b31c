"""What the picture shows of pairs: contact, order, occlusion."""

import numpy as np

from spatial_dual.perception.evidence import picture_evidence
from spatial_dual.perception.regions import instance_regions
from spatial_dual.scene.graph import SPATIAL_PREDICATES


def shown(depth, instances, count=2, noise=0.0):
    evidence = picture_evidence(depth, instances, instance_regions(instances, count), noise)
    return {(i + 1, SPATIAL_PREDICATES[p], j + 1) for i, j, p in np.argwhere(evidence).tolist()}


def scene(gap=0, step=0.0):
    """Thing 1 over thing 2, ``gap`` rows apart, ``step`` metres nearer."""
    instances = np.zeros((100, 60), np.uint8)
    instances[30:50, 20:30] = 1
    instances[50 + gap : 80, 10:50] = 2
    depth = np.full(instances.shape, 5.0, np.float32)
    depth[instances == 2] = 2.0
    depth[instances == 1] = 2.0 - step
    return depth, instances


def test_a_thing_touches_what_its_lower_outline_meets_at_the_same_depth():
    assert (1, "on", 2) in shown(*scene())
    assert (1, "in", 2) in shown(*scene())
    assert (2, "on", 1) not in shown(*scene())
    assert (1, "on", 2) not in shown(*scene(gap=5))
    assert (1, "on", 2) not in shown(*scene(step=0.5))
    assert (1, "on", 2) in shown(*scene(step=0.2), noise=0.1)


def test_the_nearer_of_two_that_border_hides_the_other():
    assert {(1, "in front of", 2), (2, "behind", 1)} <= shown(*scene(step=0.5))
    assert not {p for _, p, _ in shown(*scene())} & {"in front of", "behind"}
    assert (1, "in front of", 2) not in shown(*scene(step=0.5), noise=0.3)


def test_order_in_the_picture():
    depth, instances = scene()
    instances[:] = 0
    instances[40:60, 5:15] = 1
    instances[40:60, 30:50] = 2
    assert shown(depth, instances) == {(1, "to the left of", 2), (2, "to the right of", 1)}


def test_unseen_instances_and_unknown_depth_show_nothing():
    depth, instances = scene()
    assert shown(np.full_like(depth, np.nan), instances) == set()
    assert not {triplet for triplet in shown(depth, instances, 3) if 3 in (triplet[0], triplet[2])}
