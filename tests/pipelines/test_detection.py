"""The GLIP row by tiny open-vocabulary detectors of the real classes, with random weights."""

import numpy as np
import pytest

from spatial_dual.datasets.records import write_records
from spatial_dual.metrics.compositions import NOT_RENDERED
from spatial_dual.metrics.shares import Share
from spatial_dual.pipelines.evaluate.detection_nodes import NO_DETECTOR, evaluate_detection
from spatial_dual.scene.graph import SceneGraph, SceneObject
from tests.perception.hub import checkpoints

IDS = ["a", "b", "c"]
CUP = SceneGraph(objects=(SceneObject(label="cup", attributes=("table",)),))
TWO = SceneGraph(objects=(SceneObject(label="cup"), SceneObject(label="lamp", attributes=("cup",))))
STATED = {"captions": [CUP, TWO, SceneGraph()], "descriptions": [TWO, CUP, CUP]}
TRAIN = {"device": "cpu"}
NEW = {"new": {"a": False, "b": True, "c": False}}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    images = np.random.default_rng(0).integers(0, 256, (3, 24, 32, 3), dtype=np.uint8)
    return (
        write_records(folder / "samples", [{"id": IDS, "drawn": images}]),
        write_records(folder / "scenes", [{"id": IDS[::-1], "image": images}]),
    )


def figures_of(records, name, threshold, compositions=NEW):
    detector = {"name": name, "threshold": threshold, "batch_size": 2}
    return evaluate_detection(*records, STATED, compositions, detector, TRAIN)


@pytest.mark.parametrize("kind", ["owlv2", "owlvit", "grounding_dino"])
def test_figures_and_card(records, tmp_path, kind):
    name = str(getattr(checkpoints, kind)(tmp_path / kind))
    figures, card = figures_of(records, name, 0.0)
    again = figures_of(records, name, 0.0)
    assert (figures, card) == again
    keys = ("drawn", "drawn_upper", "described")
    own = {f"{key}{suffix}" for key in keys for suffix in ("", "_objects")}
    assert set(figures) == own | {"n", "seen", "new"}
    assert [part["n"] for part in (figures, figures["seen"], figures["new"])] == [3, 2, 1]
    assert set(figures["new"]) == own | {"n"}
    assert figures["drawn_objects"] == 1  # nothing is too unlikely
    assert (card["phrases_drawn"], card["phrases_drawn_objects"]) == (2, 3)
    assert (card["phrases_described"], card["phrases_described_objects"]) == (3, 4)
    assert (card["detector"], card["detector_threshold"]) == (name, 0.0)
    assert len(card["detector_sha256"]) == 64
    figures, _ = figures_of(records, name, 1.0)
    assert {figures[key] for key in own} == {0}  # everything is


def test_photographs_have_no_new_compositions(records, tmp_path):
    name = str(checkpoints.owlvit(tmp_path / "owlvit"))
    figures, _ = figures_of(records, name, 0.0, {"new": None})
    assert figures["seen"] == figures["new"] == NOT_RENDERED


def test_a_part_has_the_shares_of_its_own_records(records, tmp_path, monkeypatch):
    shares = [Share(1, 2), Share(0, 3), Share(4, 4)]
    monkeypatch.setattr("spatial_dual.metrics.detection.found_shares", lambda *_: shares)
    name = str(checkpoints.owlvit(tmp_path / "owlvit"))
    figures, _ = figures_of(records, name, 0.5)
    assert [part["drawn"] for part in (figures, figures["seen"], figures["new"])] == [
        5 / 9,
        5 / 6,
        0,
    ]


def test_by_default_perception_judges(records):
    figures, card = figures_of(records, None, 0.3)
    assert figures == {"drawn": NO_DETECTOR, "described": NO_DETECTOR}
    assert card == {}


def test_a_detector_that_cannot_be_loaded_is_named_with_its_parameter(records, tmp_path):
    missing = str(tmp_path / "missing")
    with pytest.raises(ValueError, match=r"evaluate\.detector\.name: .*missing' cannot be loaded"):
        figures_of(records, missing, 0.3)
    other = str(checkpoints.detr(tmp_path / "detr"))
    with pytest.raises(ValueError, match="name a folder made by save_pretrained"):
        figures_of(records, other, 0.3)
