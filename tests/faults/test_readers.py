"""Every reader of files of strangers: it parses, or raises its own error.

What it accepts survives saving, loading and a second reading.
"""

import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError
from PIL import Image

from spatial_dual.datasets.depth_maps import BadDepthError, read_depth
from spatial_dual.datasets.graphs.caption_sets import CaptionSet, read_captions
from spatial_dual.datasets.graphs.catalog import GoldGraphsDataset
from spatial_dual.datasets.images import Crop, UnreadableImageError, open_picture, square_rgb
from spatial_dual.datasets.photos.catalog import PhotosDataset, VsdDataset
from spatial_dual.datasets.photos.instances import BadInstancesError, paint, read_instances
from spatial_dual.datasets.quarantine import Finding, Quarantine
from spatial_dual.datasets.record_columns import RecordsError
from spatial_dual.datasets.record_schema import AlignedRecordValidator, check_chunk
from spatial_dual.datasets.records import Records, write_records
from spatial_dual.datasets.returned_files import ReturnedFilesDataset
from spatial_dual.perception.camera import Camera
from spatial_dual.runs.manifest import ManifestError, load_manifests
from spatial_dual.scene.graph import GraphFormatError, SceneGraph
from spatial_dual.tables.rating_form import read_returned
from tests.faults.child import outcomes
from tests.faults.profile import FACTOR, examples
from tests.faults.records import PICTURE, record
from tests.faults.strange import LEAVES, strange_bytes, strange_json


@contextmanager
def folder(**files: bytes | str) -> Iterator[Path]:
    """A folder of files whose names have "_" for "."."""
    with tempfile.TemporaryDirectory() as place:
        for name, content in files.items():
            data = content.encode(errors="surrogatepass") if isinstance(content, str) else content
            (Path(place) / name.replace("_", ".")).write_bytes(data)
        yield Path(place)


@contextmanager
def own_error(kind: type[Exception], named: object) -> Iterator[None]:
    """The reader's own error, which names the file or field, ends what is read; no other does."""
    try:
        yield
    except kind as error:
        if str(named) not in str(error):
            raise


def survives(load: Callable[[], Any]) -> None:
    """Records of a source are saved, loaded and read again without a change, findings too."""
    parts, again = (list(load().chunks("train", 3)) for _ in range(2))
    findings = [part for part in parts if isinstance(part, Finding)]
    chunks = [part for part in parts if not isinstance(part, Finding)]
    assert findings == [part for part in again if isinstance(part, Finding)]
    quarantine = Quarantine("train", max(len(findings), 1), 1.0, findings)
    text = json.dumps(quarantine.to_dict(), ensure_ascii=False).encode().decode()
    assert Quarantine.from_dict(json.loads(text)) == quarantine
    if not chunks:
        return
    validator = AlignedRecordValidator()
    with tempfile.TemporaryDirectory() as place:
        write_records(Path(place) / "r", validator.validate(chunks))
        stored = validator.validate(Records(Path(place) / "r"))
        assert isinstance(stored, Records)
        for name in chunks[0]:
            read = [row for chunk in chunks for row in chunk[name]]
            held = stored.chunk(range(len(stored)), [name])[name]
            assert all(np.array_equal(a, b) for a, b in zip(read, held, strict=True)), name
        for row in stored.values("graph"):
            assert not row or SceneGraph.from_json(row).to_json() == row


TRIPLE = {"s": "cup", "p": "on", "o": "table", "s_bbox": [0, 4, 0, 4], "o_bbox": [2, 8, 0, 8]}
VSD = [{"img_id": "a", "triple_list": [TRIPLE], "captions": ["a cup on a table", "a table"]}]


@examples(60)
@given(strange_json(VSD))
def test_vsd(body: Any) -> None:
    files = {"train_json": json.dumps(body), "a_png": PICTURE}
    with folder(**files) as place, own_error(DatasetError, place):
        survives(lambda: VsdDataset(str(place), str(place), image_size=8).load())


SCANS = {
    "scans": [
        {
            "scan": "s",
            "split": 1,
            "objects": {"1": "cup", "2": "table"},
            "relationships": [[1, 2, 3, "left"], [2, 1, 4, "bigger than"]],
        }
    ]
}


def graphs(place: Path, form: str) -> Any:
    return GoldGraphsDataset(str(place), form, {"train": "train*"}, max_objects=9).load()


@examples(80)
@given(strange_json(SCANS))
def test_3dssg(body: Any) -> None:
    with folder(train_json=json.dumps(body)) as place, own_error(DatasetError, place):
        survives(lambda: graphs(place, "3dssg"))


PAIRS = 'image_id,region_id,caption,scene_graph\n1,2,a red cup,"( cup , is , red )"\n'


@examples(80)
@given(strange_bytes(PAIRS.encode()), st.booleans())
def test_factual(data: bytes, packed: bool) -> None:
    name = "train_csv_gz" if packed else "train_csv"
    content = gzip.compress(data) if packed else data
    with folder(**{name: content}) as place, own_error(DatasetError, place):
        survives(lambda: graphs(place, "factual"))


@examples(60)
@given(strange_bytes(gzip.compress(PAIRS.encode(), mtime=0)))
def test_packed_files(data: bytes) -> None:
    with folder(train_csv_gz=data) as place, own_error(DatasetError, place):
        survives(lambda: graphs(place, "factual"))


@examples(60)
@given(strange_bytes(PICTURE), strange_bytes("a cup\nein Café\n".encode()))
def test_folders_of_photos(picture: bytes, captions: bytes) -> None:
    with folder(a_png=picture, a_txt=captions, b_png=PICTURE, b_txt=b"a mug") as place:
        survives(lambda: photos(place))


def photos(place: Path) -> Any:
    return PhotosDataset(str(place), image_size=8, val_share=0, test_share=0).load()


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


MASK = {"size": [8, 8], "counts": "P2"}
INSTANCES = [{"label": "cup", "box": [0.1, 0.1, 0.9, 0.9], "mask_rle": None}] * 2
INSTANCES[1] = {**INSTANCES[1], "mask_rle": MASK}


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


TEXTS = ("id", "graph", "captions", "labels", "place", "camera")


@examples(120)
@given(st.dictionaries(st.sampled_from(TEXTS), LEAVES | st.lists(LEAVES, max_size=2), max_size=2))
def test_record_folders(changes: dict[str, Any]) -> None:
    """A chunk is refused, or saved and loaded as it was."""
    chunk = record(**{name: [value] for name, value in changes.items()})
    try:
        check_chunk(chunk)
    except RecordsError:
        return
    with folder() as place:
        stored = write_records(place / "r", AlignedRecordValidator().validate(chunk))
        AlignedRecordValidator().validate(stored)
        for name in TEXTS:
            assert stored.values(name) == [
                list(value) if isinstance(value, tuple) else value for value in chunk[name]
            ]


ROW = {
    "id": "a",
    "image": PICTURE,
    "captions": ["a cup on a table"],
    "instances": json.dumps(INSTANCES),
    "depth": None,
    "depth_unit_m": 0.001,
}
COLUMNS = st.sampled_from(
    [
        {"id": 3},
        {"id": None},
        {"image": None},
        {"image": {"bytes": PICTURE, "path": "/etc/passwd"}},
        {"image": {"bytes": None, "path": "/etc/passwd"}},
        {"captions": None},
        {"captions": []},
        {"captions": [None, "a mug"]},
        {"captions": "a mug"},
        {"captions": ["a mug"] * 1001},
        {"captions": ["㌖" * 400]},
        {"captions": [["a"]]},
        {"depth": PICTURE},
        {"depth_unit_m": float("nan")},
        {"depth_unit_m": -1.0},
        {"depth_min_m": 0.0, "depth_max_m": float("inf")},
        {"instances": "[]"},
        {"instances": "{"},
        {"instances": ""},
    ]
)


def parquet(*rows: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), stream)
    return stream.getvalue()


@examples(80)
@given(st.lists(COLUMNS, max_size=3))
def test_rows_of_parquet(changes: list[dict[str, Any]]) -> None:
    row = dict(ROW)
    for change in changes:
        row |= change
    with folder(a_parquet=parquet(row)) as place, own_error(DatasetError, place):
        survives(lambda: photos(place))


def read_damaged(given: tuple[int, Path]) -> str:
    seed, place = given
    rng = np.random.default_rng(seed)
    data = np.frombuffer(parquet(*(ROW | {"id": f"{k}"} for k in range(5))), np.uint8).copy()
    for _ in range(rng.integers(1, 5)):
        data[rng.integers(len(data))] ^= np.uint8(1 << rng.integers(8))
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "a.parquet").write_bytes(data[: rng.integers(len(data)) if seed % 5 == 0 else None])
    try:
        survives(lambda: photos(place))
    except DatasetError as error:
        return "named" if str(place) in str(error) else str(error)
    return "read"


def test_damaged_parquet_files(tmp_path: Path) -> None:
    found = outcomes(read_damaged, [(seed, tmp_path / "p") for seed in range(150 * FACTOR)])
    assert set(found) == {"named", "read"}
