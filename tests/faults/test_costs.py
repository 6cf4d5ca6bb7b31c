"""Small files that unpack to much: refused or read in a child process of little memory."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kedro.io import DatasetError
from PIL import Image

from spatial_dual.datasets.graphs.caption_sets import read_captions
from spatial_dual.datasets.graphs.catalog import GoldGraphsDataset
from spatial_dual.datasets.photos.catalog import PhotosDataset, VsdDataset
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.runs.manifest import ManifestError, load_manifests
from tests.faults.child import outcomes
from tests.faults.records import PICTURE

DEEP = "[" * 100_000
MEBIBYTE = 1 << 20


def read_photos(folder: Path) -> str:
    source = PhotosDataset(str(folder), image_size=8, val_share=0, test_share=0).load()
    parts = list(source.chunks("train", 4))
    read = [name for part in parts if not isinstance(part, Finding) for name in part["id"]]
    found = [part.reason for part in parts if isinstance(part, Finding)]
    return f"{read} {len(found)} {found[:1]}"


def write(folder: Path, **columns: list[Any]) -> int:
    path = folder / "a.parquet"
    pq.write_table(pa.table(columns), path, compression="zstd", use_dictionary=False)
    return path.stat().st_size


def test_rows_of_zeros(tmp_path: Path) -> None:
    """Sixty-four pictures of eight mebibytes each, repeated from one dictionary."""
    zeros = pa.array([bytes(8 * MEBIBYTE)])
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 64, pa.int32()), zeros)
    names = [str(k) for k in range(64)]
    table = pa.table({"id": names, "image": repeated, "captions": [["a cup"]] * 64})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, compression="zstd", store_schema=False)
    assert path.stat().st_size < MEBIBYTE
    (said,) = outcomes(read_photos, [tmp_path], spare=256 * MEBIBYTE)
    assert said.startswith("[] 64 ['image: not a readable picture")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"captions": [[""] * 2_000_000]}, "captions: 2000000, at most 1000"),
        ({"captions": [["a" * (20 * MEBIBYTE)]]}, "captions: 20971"),
        ({"instances": [" " * (20 * MEBIBYTE)]}, "instances: 20971"),
        ({"captions": [["a cup"] * 1001]}, "captions: 1001, at most 1000"),
    ],
)
def test_large_values(tmp_path: Path, columns: dict[str, Any], reason: str) -> None:
    row = {"id": ["a"], "image": [PICTURE], "captions": [["a cup"]]}
    assert write(tmp_path, **{**row, **columns}) < MEBIBYTE
    (said,) = outcomes(read_photos, [tmp_path])
    assert said.startswith("[] 1 ")
    assert reason in said


def test_large_pictures_with_depth(tmp_path: Path) -> None:
    """Of 16 million pixels, in 256 mebibytes; floats of their full size would take more."""
    side = 4000
    picture, depth = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (side, side), "red").save(picture, "PNG", compress_level=1)
    levels = np.full((side, side), 1000, np.uint16)
    levels[: side // 2] = 2000
    Image.fromarray(levels).save(depth, "PNG", compress_level=1)
    write(
        tmp_path,
        id=["a"],
        image=[picture.getvalue()],
        captions=[["a cup"]],
        depth=[depth.getvalue()],
        depth_unit_m=[0.001],
    )
    assert outcomes(read_photos, [tmp_path], spare=256 * MEBIBYTE) == ["['a'] 0 []"]


def read_graphs(folder: Path) -> str:
    form = "factual" if (folder / "train.csv.gz").exists() else "3dssg"
    try:
        source = GoldGraphsDataset(str(folder), form, {"train": "train*"}).load()
        return str(source.splits())
    except DatasetError as error:
        return str(error)


def test_packed_newlines(tmp_path: Path) -> None:
    """A thousand to one; a list of forty million empty lines would take gibibytes."""
    with gzip.open(tmp_path / "train.csv.gz", "wb", compresslevel=1) as stream:
        for _ in range(40):
            stream.write(b"\n" * MEBIBYTE)
    (said,) = outcomes(read_graphs, [tmp_path])
    assert "train.csv.gz: unpacks to more than" in said


def test_packed_newlines_within_the_limit_are_no_rows(tmp_path: Path) -> None:
    head = b"image_id,region_id,caption,scene_graph\n"
    row = b'1,2,a cup,"( cup )"\n'
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress(head + b"\n" * 2 * MEBIBYTE + row))
    assert outcomes(read_graphs, [tmp_path]) == ["{'train': 1, 'val': 0, 'test': 0}"]


def read_vsd(folder: Path) -> str:
    try:
        return str(VsdDataset(str(folder), str(folder)).load().splits())
    except DatasetError as error:
        return str(error)


def read_set(folder: Path) -> str:
    try:
        return str(read_captions(folder / "train.json"))
    except DatasetError as error:
        return str(error)


def read_manifests(folder: Path) -> str:
    try:
        return str(load_manifests(folder))
    except ManifestError as error:
        return str(error)


@pytest.mark.parametrize("read", [read_graphs, read_vsd, read_set, read_manifests])
@pytest.mark.parametrize("text", [DEEP, '{"a":' * 100_000], ids=["lists", "objects"])
def test_json_nested_deeply(tmp_path: Path, read: Callable[[Path], str], text: str) -> None:
    (tmp_path / "train.json").write_text(text)
    (said,) = outcomes(read, [tmp_path])
    assert "train.json: not JSON that can be read: nested too deeply" in said


def test_many_captions_and_triples_of_one_photo(tmp_path: Path) -> None:
    triple = {"s": "a", "p": "on", "o": "b", "s_bbox": [0, 1, 0, 1], "o_bbox": [2, 3, 2, 3]}
    rows = [
        {"img_id": "a", "triple_list": [triple] * 1001, "captions": ["a cup"]},
        {"img_id": "b", "triple_list": [triple], "captions": ["a cup"] * 1001},
    ]
    (tmp_path / "train.json").write_text(json.dumps(rows))
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(PICTURE)
    parts = VsdDataset(str(tmp_path), str(tmp_path), image_size=8).load().chunks("train", 4)
    reasons = [part.reason for part in parts if isinstance(part, Finding)]
    assert reasons == ["triple_list: 1001, at most 1000", "captions: 1001, at most 1000"]
