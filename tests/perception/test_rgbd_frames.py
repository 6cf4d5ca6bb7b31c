"""Real RGB-D frames: gravity against marked vertical edges, relations against a person's."""

import math

import pytest

from spatial_dual.perception.lift import depth_graph, lift
from spatial_dual.perception.size_prior import SizePrior
from tests.perception.rgbd_frames import read_frames, recalled

FRAMES = ("nyu", "tum", "redwood-0", "redwood-1", "arc2017")


@pytest.fixture(scope="module")
def frames(shared_data):
    return read_frames(shared_data)


@pytest.mark.parametrize("name", FRAMES[:4])
def test_floor_is_level_within_five_degrees(frames, name):
    frame = frames[name]
    lifted = lift(frame.depth, frame.instances, frame.labels, frame.camera, SizePrior())
    assert lifted.gravity.source == "floor"
    assert math.degrees(math.acos(min(1.0, lifted.gravity.up @ frame.up))) < 5


def test_view_from_above_finds_the_ground(frames):
    frame = frames["arc2017"]
    lifted = lift(frame.depth, frame.instances, frame.labels, frame.camera, SizePrior())
    assert lifted.gravity.source == "floor"
    assert lifted.gravity.up[2] < -0.97


def test_recall_of_what_a_person_sees(frames):
    counts = {}
    for name, frame in frames.items():
        graph = depth_graph(frame.depth, frame.instances, frame.labels, frame.camera, SizePrior())
        assert {relation.source for relation in graph.relations} == {"depth"}
        assert all(0 <= relation.confidence <= 1 for relation in graph.relations)
        counts[name] = (recalled(frame, graph), len(frame.relations))
    assert sum(found for found, _ in counts.values()) >= 60, counts
    assert sum(seen for _, seen in counts.values()) == 82
