"""Every reader of single files of strangers: it parses, or raises its own error.

What it accepts can be read again with the same result.
"""

import io
import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError
from PIL import Image

from spatial_dual.datasets.depth_maps import BadDepthError, read_depth
from spatial_dual.datasets.graphs.caption_sets import CaptionSet, read_captions
from spatial_dual.datasets.images import Crop, UnreadableImageError, open_picture, square_rgb
from spatial_dual.datasets.photos.instances import BadInstancesError, paint, read_instances
from spatial_dual.datasets.returned_files import ReturnedFilesDataset
from spatial_dual.perception.camera import Camera
from spatial_dual.runs.manifest import ManifestError, load_manifests
from spatial_dual.scene.graph import GraphFormatError, SceneGraph
from spatial_dual.tables.rating_form import read_returned
from tests.faults.profile import examples
from tests.faults.reading import INSTANCES, PAIRS, VSD, folder, own_error
from tests.faults.strange import strange_bytes, strange_json


def encoded(form: str, dtype: type = np.uint8, mode: str = "") -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(np.arange(20, 20 + 16 * 12).reshape(12, 16).astype(dtype))
    (image.convert(mode) if mode else image).save(stream, form)
    return stream.getvalue()


PICTURES = [
    *(encoded("PNG", mode="P"), encoded("PNG", np.uint16), encoded("TIFF", np.float32)),
    *(encoded(form) for form in ("JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM")),
]


@examples(150)
@given(st.sampled_from(PICTURES).flatmap(strange_bytes))
def test_pictures(data: bytes) -> None:
    try:
        first, crop = square_rgb(open_picture(data), 8)
    except UnreadableImageError:
        return
    second, _ = square_rgb(open_picture(data), 8)
    assert first.shape == (8, 8, 3)
    assert np.array_equal(first, second)
    assert crop.height > 0 < crop.width


@examples(60)
@given(strange_bytes(encoded("PNG", np.uint16)) | strange_bytes(encoded("TIFF", np.float32)))
def test_depth_maps(data: bytes) -> None:
    with folder(d_png=data) as place, own_error(BadDepthError, place):
        metres = read_depth(place / "d.png", 0.02, Crop(12, 16, 8))
        assert metres.shape == (8, 8)
        assert np.isfinite(metres).all()
        assert metres.min() >= 0


@examples(150)
@given(strange_json(INSTANCES))
def test_instances(body: Any) -> None:
    try:
        instances = read_instances(json.dumps(body))
        canvas, order = paint(instances, Crop(8, 8, 8), 4)
    except BadInstancesError:
        return
    assert canvas.max() <= len(order) <= 4
    again = read_instances(json.dumps(instances))
    assert np.array_equal(paint(again, Crop(8, 8, 8), 4)[0], canvas)
    assert [each["label"] for each in again] == [each["label"] for each in instances]


CAMERA = {"fov_deg": 55.0, "pitch_deg": 3, "fx": 5, "fy": 5, "cx": 4, "cy": 4, "source": "given"}


@examples(150)
@given(strange_json(CAMERA))
def test_cameras(body: Any) -> None:
    with own_error(ValueError, "camera"):
        camera = Camera.from_json(json.dumps(body))
        assert all(np.isfinite(camera.pixel_intrinsics(8, 8)))
        points = camera.unproject(np.ones((8, 8), np.float32))
        assert points.shape == (8, 8, 3)


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


@examples(200)
@given(strange_json(GRAPH))
def test_graphs(body: Any) -> None:
    with own_error(GraphFormatError, "$"):
        graph = SceneGraph.from_json(json.dumps(body))
        text = graph.to_json()
        assert SceneGraph.from_json(text.encode().decode()) == graph


SETS = {
    "vsd": VSD,
    "own": [
        {
            "caption": "a red cup on a table",
            "relations": [["cup", "on", "table"]],
            "objects": [["cup", ["red"]], ["table", []]],
        }
    ],
}


@examples(120)
@given(st.sampled_from(sorted(SETS)).flatmap(lambda name: strange_json(SETS[name])))
def test_caption_sets(body: Any) -> None:
    with folder(x_json=json.dumps(body)) as place, own_error(DatasetError, place):
        found = read_captions(place / "x.json")
        assert found == read_captions(place / "x.json")
        check_set(found)


@examples(60)
@given(strange_bytes(PAIRS.encode()))
def test_caption_sets_of_factual(data: bytes) -> None:
    with folder(dev_csv=data) as place, own_error(DatasetError, place):
        check_set(read_captions(place / "dev.csv"))


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


@examples(120)
@given(strange_json(MANIFEST))
def test_manifests(body: Any) -> None:
    with folder(x_json=json.dumps(body)) as place, own_error(ManifestError, place):
        for manifest in load_manifests(place).values():
            assert all(isinstance(part, str) for part in manifest["command"])
            assert f"{manifest.get('seconds', 0):.0f}"


RATINGS = {"form": "f", "rater": "ann", "ratings": {"0": 5, "1": 3}}
KEY = {"form": "f", "items": [{"system": "sd3", "question": "q", "sample": "a"}] * 2}


@examples(120)
@given(strange_json(RATINGS))
def test_ratings(body: Any) -> None:
    kinds = (own_error(ValueError, "x.json"), own_error(DatasetError, "x.json"))
    with folder(x_json=json.dumps(body)) as place, kinds[0], kinds[1]:
        rows = read_returned(KEY, ReturnedFilesDataset(path=str(place)).load())
        assert all(1 <= rating <= 5 for *_, rating in rows)
        assert len({item for *_, item, _ in rows}) == len(rows) <= 2
