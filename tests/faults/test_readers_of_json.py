"""Readers of JSON of strangers: each parses, or raises its own error.

What it accepts survives saving, loading and a second reading.
"""

import json
import random
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.graphs.caption_sets import CaptionSet, read_captions
from spatial_dual.datasets.images import Crop
from spatial_dual.datasets.photos.instances import BadInstancesError, paint, read_instances
from spatial_dual.datasets.returned_files import ReturnedFilesDataset
from spatial_dual.perception.camera import Camera
from spatial_dual.runs.manifest import ManifestError, load_manifests
from spatial_dual.scene.graph import GraphFormatError, SceneGraph
from spatial_dual.tables.rating_form import read_returned
from tests.faults.child import fuzz
from tests.faults.readers import folder, own_error
from tests.faults.strange import strange_bytes, strange_json

GRAPH = {
    "schema_version": 1,
    "objects": [
        {
            "label": "cup",
            "attributes": ["red"],
            "box": {"center": [0, 0, 2], "size": [1, 1, 1], "yaw": 0.5},
            "region": [0, 0, 1, 1],
            "visibility": 1,
        },
        {"label": "table", "distance": 2.5, "confidence": 0.5},
    ],
    "relations": [{"subject": 0, "predicate": "on", "object": 1, "source": "depth"}],
    "place": "kitchen",
}


def test_graphs() -> None:
    def check(body: Any) -> None:
        with own_error(GraphFormatError, "$"):
            graph = SceneGraph.from_json(json.dumps(body))
            text = graph.to_json()
            assert SceneGraph.from_json(text.encode().decode()) == graph

    fuzz(partial(strange_json, valid=GRAPH), check, 300, 250_000)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (json.dumps(GRAPH | {"place": "\ud800"}), "$.place"),
        (json.dumps(GRAPH | {"notes": ["a \udfff"]}), "$.notes[0]"),
        (
            json.dumps(
                {"schema_version": 1, "objects": [{"label": "a", "attributes": ["\ud800"]}]}
            ),
            "$.objects[0].attributes[0]",
        ),
        (f'{{"schema_version": 1, "place": {"9" * 5000}}}', "$: not JSON"),
    ],
)
def test_graphs_that_nothing_could_be_done_with(text: str, field: str) -> None:
    """Lone surrogates, which no file takes; a number that Python's JSON refuses."""
    with pytest.raises(GraphFormatError, match=re.escape(field)):
        SceneGraph.from_json(text)


@pytest.mark.parametrize("part", ["caption", "relations", "objects"])
def test_caption_sets_without_lone_surrogates(tmp_path: Path, part: str) -> None:
    text = json.dumps(
        [{**OWN[0], part: json.loads(json.dumps(OWN[0][part]).replace("a", "\\ud800"))}]
    )
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DatasetError, match=rf"x\.json: .* 0\.{part}.*unicode"):
        read_captions(tmp_path / "x.json")


CAMERA = {"fov_deg": 55.0, "pitch_deg": 3, "fx": 5, "fy": 5, "cx": 4, "cy": 4, "source": "given"}


def test_cameras() -> None:
    def check(body: Any) -> None:
        with own_error(ValueError, "camera"):
            camera = Camera.from_json(json.dumps(body))
            assert all(np.isfinite(camera.pixel_intrinsics(8, 8)))
            assert camera.unproject(np.ones((8, 8), np.float32)).shape == (8, 8, 3)

    fuzz(partial(strange_json, valid=CAMERA), check, 300, 150_000)


MASK = {"size": [8, 8], "counts": "P2"}
INSTANCES = [
    {"label": "cup", "box": [0.1, 0.1, 0.9, 0.9], "mask_rle": None},
    {"label": "cup", "box": [0.1, 0.1, 0.9, 0.9], "mask_rle": MASK},
]


def test_instances() -> None:
    def check(body: Any) -> None:
        try:
            instances = read_instances(json.dumps(body))
            canvas, order = paint(instances, Crop(8, 8, 8), 4)
        except BadInstancesError:
            return
        assert canvas.max() <= len(order) <= 4
        again = read_instances(json.dumps(instances))
        assert np.array_equal(paint(again, Crop(8, 8, 8), 4)[0], canvas)
        assert [each["label"] for each in again] == [each["label"] for each in instances]

    fuzz(partial(strange_json, valid=INSTANCES), check, 300, 150_000)


TRIPLE = {"s": "cup", "p": "on", "o": "table", "s_bbox": [0, 4, 0, 4], "o_bbox": [2, 8, 0, 8]}
VSD = [{"img_id": "a", "triple_list": [TRIPLE], "captions": ["a cup on a table", "a table"]}]
OWN = [
    {
        "caption": "a red cup on a table",
        "relations": [["cup", "on", "table"]],
        "objects": [["cup", ["red"]], ["table", []]],
    }
]
PAIRS = 'image_id,region_id,caption,scene_graph\n1,2,a red cup,"( cup , is , red )"\n'


def strange_set(rng: random.Random) -> tuple[str, bytes]:
    if rng.randrange(3) == 0:
        return "dev.csv", strange_bytes(rng, PAIRS.encode())
    return "x.json", json.dumps(strange_json(rng, rng.choice([VSD, OWN]))).encode()


def test_caption_sets() -> None:
    def check(given: tuple[str, bytes]) -> None:
        name, content = given
        with folder(**{name: content}) as place, own_error(DatasetError, place):
            found = read_captions(place / name)
            assert found == read_captions(place / name)
            check_set(found)

    fuzz(strange_set, check, 200, 60_000)


def check_set(found: CaptionSet) -> None:
    sizes = {len(found.triplets), len(found.attributes), len(found.labels)}
    assert sizes == {len(found.captions)}
    words = [w for triplets in found.triplets for triplet in triplets for w in triplet]
    words += [w for pairs in found.attributes for pair in pairs for w in pair]
    words += [w for labels in found.labels for w in labels] + found.captions
    assert all(isinstance(word, str) and word.encode().decode() == word for word in words)


MANIFEST = {
    "id": "2026-01",
    "status": "done",
    "seconds": 12.0,
    "pid": 7,
    "command": ["kedro", "run"],
    "git": {"commit": "abc", "dirty": False},
    "outputs": {"dual": "a" * 64},
}


def test_manifests() -> None:
    def check(body: Any) -> None:
        with folder(x_json=json.dumps(body)) as place, own_error(ManifestError, place):
            for manifest in load_manifests(place).values():
                assert all(isinstance(part, str) for part in manifest["command"])
                assert f"{manifest.get('seconds', 0):.0f}"

    fuzz(partial(strange_json, valid=MANIFEST), check, 200, 80_000)


RATINGS = {"form": "f", "rater": "ann", "ratings": {"0": 5, "1": 3}}
KEY = {"form": "f", "items": [{"system": "sd3", "question": "q", "sample": "a"}] * 2}


def test_ratings() -> None:
    def check(body: Any) -> None:
        kinds = (own_error(ValueError, "x.json"), own_error(DatasetError, "x.json"))
        with folder(x_json=json.dumps(body)) as place, kinds[0], kinds[1]:
            rows = read_returned(KEY, ReturnedFilesDataset(path=str(place)).load())
            assert all(1 <= rating <= 5 for *_, rating in rows)
            assert len({item for *_, item, _ in rows}) == len(rows) <= 2

    fuzz(partial(strange_json, valid=RATINGS), check, 200, 80_000)
