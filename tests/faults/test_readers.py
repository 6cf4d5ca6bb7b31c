"""Every reader of data sets of strangers: it parses, or raises its own error.

What it accepts survives saving, loading and a second reading.
"""

import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError

from spatial_dual.datasets.graphs.catalog import GoldGraphsDataset
from spatial_dual.datasets.photos.catalog import PhotosDataset, VsdDataset
from spatial_dual.datasets.quarantine import Finding, Quarantine
from spatial_dual.datasets.record_columns import RecordsError
from spatial_dual.datasets.record_schema import AlignedRecordValidator, check_chunk
from spatial_dual.datasets.records import Records, write_records
from spatial_dual.scene.graph import SceneGraph
from tests.faults.child import outcomes
from tests.faults.profile import FACTOR, examples
from tests.faults.reading import INSTANCES, PAIRS, VSD, folder, own_error
from tests.faults.records import PICTURE, record
from tests.faults.strange import LEAVES, strange_bytes, strange_json


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
