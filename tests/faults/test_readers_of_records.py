"""Readers of photographs and annotated files of strangers: each parses, or raises its own error.

What it accepts survives saving, loading and a second reading.
"""

import gzip
import io
import json
import random
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import DatasetError

from spatial_dual.datasets.graphs.catalog import GoldGraphsDataset
from spatial_dual.datasets.photos.catalog import VsdDataset
from spatial_dual.datasets.record_columns import RecordsError
from spatial_dual.datasets.record_schema import AlignedRecordValidator, check_chunk
from spatial_dual.datasets.records import write_records
from tests.faults.child import fuzz
from tests.faults.readers import folder, own_error, photos, survives
from tests.faults.records import PICTURE, record
from tests.faults.strange import strange_bytes, strange_json, strange_value
from tests.faults.test_readers_of_json import INSTANCES, PAIRS, VSD


def test_vsd() -> None:
    def check(body: Any) -> None:
        files = {"train_json": json.dumps(body), "a_png": PICTURE}
        with folder(**files) as place, own_error(DatasetError, place):
            survives(lambda: VsdDataset(str(place), str(place), image_size=8).load())

    fuzz(partial(strange_json, valid=VSD), check, 40, 10_000)


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


def test_3dssg() -> None:
    def check(body: Any) -> None:
        with folder(train_json=json.dumps(body)) as place, own_error(DatasetError, place):
            survives(lambda: graphs(place, "3dssg"))

    fuzz(partial(strange_json, valid=SCANS), check, 60, 15_000)


PACKED = gzip.compress(PAIRS.encode(), mtime=0)


def strange_table(rng: random.Random) -> tuple[str, bytes]:
    """A table, one that was packed afterwards, or a packed one that was changed."""
    kind = rng.randrange(3)
    if kind == 2:
        return "train.csv.gz", strange_bytes(rng, PACKED)
    content = strange_bytes(rng, PAIRS.encode())
    return ("train.csv.gz", gzip.compress(content)) if kind else ("train.csv", content)


def test_factual() -> None:
    def check(given: tuple[str, bytes]) -> None:
        with folder(**dict([given])) as place, own_error(DatasetError, place):
            survives(lambda: graphs(place, "factual"))

    fuzz(strange_table, check, 60, 25_000)


def test_folders_of_photos() -> None:
    def make(rng: random.Random) -> tuple[bytes, bytes]:
        return strange_bytes(rng, PICTURE), strange_bytes(rng, "a cup\nein Café\n".encode())

    def check(given: tuple[bytes, bytes]) -> None:
        picture, captions = given
        with folder(a_png=picture, a_txt=captions, b_png=PICTURE, b_txt=b"a mug") as place:
            survives(lambda: photos(place))

    fuzz(make, check, 40, 8_000)


TEXTS = ("id", "graph", "captions", "labels", "place", "camera")


def test_record_folders() -> None:
    """A chunk is refused, or saved and loaded as it was."""

    def make(rng: random.Random) -> dict[str, Any]:
        names = rng.sample(TEXTS, rng.randrange(1, 3))
        return record(**{name: [strange_value(rng, depth=1)] for name in names})

    def check(chunk: dict[str, Any]) -> None:
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

    fuzz(make, check, 100, 30_000)


ROW = {
    "id": "a",
    "image": PICTURE,
    "captions": ["a cup on a table"],
    "instances": json.dumps(INSTANCES),
    "depth": None,
    "depth_unit_m": 0.001,
}
COLUMNS: list[dict[str, Any]] = [
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


def parquet(*rows: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), stream)
    return stream.getvalue()


def strange_row(rng: random.Random) -> dict[str, Any]:
    row: dict[str, Any] = dict(ROW)
    for change in rng.choices(COLUMNS, k=rng.randrange(4)):
        row |= change
    if rng.randrange(2):
        row["instances"] = json.dumps(strange_json(rng, INSTANCES))
    return row


def test_rows_of_parquet() -> None:
    def check(row: dict[str, Any]) -> None:
        try:
            content = parquet(row)
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            return  # no Parquet file holds it
        with folder(a_parquet=content) as place, own_error(DatasetError, place):
            survives(lambda: photos(place))

    fuzz(strange_row, check, 60, 8_000)


WHOLE = np.frombuffer(parquet(*(ROW | {"id": f"{k}"} for k in range(5))), np.uint8)


def damaged(rng: random.Random) -> bytes:
    """Bits flipped, perhaps cut."""
    data = WHOLE.copy()
    for _ in range(rng.randrange(1, 5)):
        data[rng.randrange(len(data))] ^= np.uint8(1 << rng.randrange(8))
    return data[: rng.randrange(len(data)) if rng.randrange(5) == 0 else None].tobytes()


def test_damaged_parquet_files() -> None:
    def check(content: bytes) -> None:
        with folder(a_parquet=content) as place, own_error(DatasetError, place):
            survives(lambda: photos(place))

    fuzz(damaged, check, 100, 15_000)
