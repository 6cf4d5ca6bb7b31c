"""One bad record is left out and named; it neither ends the run nor is believed."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spatial_dual.datasets.graphs.catalog import GoldGraphsDataset
from spatial_dual.datasets.graphs.source import GraphSource
from spatial_dual.datasets.photos.catalog import PhotosDataset, VsdDataset
from spatial_dual.datasets.photos.source import PhotoSource
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.datasets.record_columns import RecordsError
from spatial_dual.datasets.record_schema import check_chunk
from spatial_dual.datasets.text_files import split_lines
from spatial_dual.perception.camera import Camera
from spatial_dual.scene.text import clean_caption, clean_label
from tests.faults.child import fuzz
from tests.faults.records import PICTURE, record
from tests.faults.strange import strange_text

HUGE = 10**400


def read(source: PhotoSource | GraphSource, split: str = "train") -> tuple[list[str], str]:
    """Ids of the records, each checked, and what was left out."""
    ids: list[str] = []
    findings = []
    for part in source.chunks(split, 4):
        if isinstance(part, Finding):
            findings.append(f"{part.left_out} {part}")
        else:
            check_chunk(part)
            ids += part["id"]
    return ids, "\n".join(findings)


def photos(folder: Path, *rows: dict[str, Any]) -> PhotoSource:
    good = {"id": "good", "image": PICTURE, "captions": ["a cup"], "instances": None}
    table = pa.Table.from_pylist([good, *({**good, "id": "bad"} | row for row in rows)])
    pq.write_table(table, folder / "a.parquet")
    return PhotosDataset(str(folder), image_size=8, val_share=0, test_share=0).load()


def cup(**changes: Any) -> str:
    return json.dumps([{"label": "cup", "box": [0, 0, 1, 1], **changes}])


@pytest.mark.parametrize(
    ("instances", "reason"),
    [
        (cup(box=["0", "0", "1", "1"]), "is no number: '0'"),
        (cup(box=[0, 0, 1, HUGE]), "is not finite"),
        (cup(box=[0, 0, 1, float("nan")]), "is not finite"),
        (cup(box=[0, 0, True, 1]), "is no number: 'True'"),
        (cup(box={"0": 1, "1": 2, "2": 3, "3": 4}), "is not four numbers"),
        (cup(box="0011"), "is not four numbers"),
        (cup(label="\ud800"), "is no word"),
        (cup(label="cup" * 50), "label of 150 characters"),
        (cup(label=["cup"]), "is no word"),
        (json.dumps([{"label": "cup", "box": [0, 0, 1, 1]}] * 1001), "1001 instances"),
        ("[" * 100_000, "nested too deeply"),
        ("[" + "9" * 5000 + "]", "not JSON"),
    ],
)
def test_instances(tmp_path: Path, instances: str, reason: str) -> None:
    ids, found = read(photos(tmp_path, {"instances": instances}))
    assert ids == ["good"]
    assert reason in found
    assert found.startswith("record")


def test_labels_and_captions_have_one_normal_form(tmp_path: Path) -> None:
    source = photos(tmp_path, {"instances": cup(label=" tea\u200d\ncup\ud800 ")})
    labels = [label for part in source.chunks("train", 4) for label in part["labels"]]  # type: ignore[index]
    assert labels == [[], ["tea cup"]]


def vsd(folder: Path, **changes: Any) -> PhotoSource:
    triple = {"s": "cup", "p": "on", "o": "table", "s_bbox": [0, 4, 0, 4], "o_bbox": [2, 8, 0, 8]}
    row = {"img_id": "a", "triple_list": [triple, triple | changes], "captions": ["a cup"]}
    for split in ("train", "val", "test"):
        (folder / f"{split}.json").write_text(json.dumps([row]))
    (folder / "a.png").write_bytes(PICTURE)
    return VsdDataset(str(folder), str(folder), image_size=8).load()


@pytest.mark.parametrize(
    "changes",
    [
        {"s_bbox": [0, HUGE, 0, 4]},
        {"s_bbox": ["0", "4", "0", "4"]},
        {"s_bbox": [0, float("inf"), 0, 4]},
        {"s": "\ud800"},
        {"s": ["cup"]},
        {"s": 3},
        {"p": None},
    ],
)
def test_triples(tmp_path: Path, changes: dict[str, Any]) -> None:
    ids, found = read(vsd(tmp_path, **changes))
    assert ids == ["a"]
    assert "relation" in found
    assert "triple 1" in found


@pytest.mark.parametrize("name", ["\ud800", "a\nb", "a" * 1001])
def test_ids(tmp_path: Path, name: str) -> None:
    source = vsd(tmp_path)
    rows = json.loads((tmp_path / "train.json").read_text())
    (tmp_path / "train.json").write_text(json.dumps([rows[0] | {"img_id": name}]))
    ids, found = read(source)
    assert ids == []
    assert "id of more than 1000 characters, or with control characters" in found


@pytest.mark.parametrize(
    "scan",
    [
        {"objects": {"1": "\ud800"}, "relationships": []},
        {"objects": {"1": ["cup"]}, "relationships": []},
        {"objects": {"1": "cup"}, "relationships": [[1, 2]]},
        {"objects": {"1": "cup" * 50}, "relationships": []},
        {"objects": {"1": "cup", "2": "mug"}, "relationships": [[[1], 2, 3, "left"]]},
        {"objects": {"1": "cup", "2": "mug"}, "relationships": [[1, 2, 3, ["left"]]]},
        {"objects": {"x": "cup"}, "relationships": []},
        {"objects": [], "relationships": []},
        {"scan": "\ud800", "objects": {"1": "cup"}, "relationships": []},
        [],
        "scan",
        None,
    ],
)
def test_scans(tmp_path: Path, scan: object) -> None:
    good = {"scan": "good", "objects": {"1": "cup"}, "relationships": []}
    (tmp_path / "train.json").write_text(json.dumps({"scans": [scan, good]}))
    source = GoldGraphsDataset(str(tmp_path), "3dssg", {"train": "train.json"}).load()
    ids, found = read(source)
    assert ids == ["good-1"]
    assert "scan 0" in found or "-0" in found


CAMERAS = [
    *('{"fov_deg": "55"}', '{"fov_deg": NaN}', '{"pitch_deg": "x"}', '{"pitch_deg": NaN}'),
    *('{"fov_deg": [55]}', '{"fov_deg": true}', f'{{"fov_deg": {HUGE}}}', '{"source": 3}'),
    *('{"fx": "1", "fy": 1, "cx": 1, "cy": 1}', '{"fx": 1, "fy": 1, "cx": NaN, "cy": 1}'),
    *("[", "3", "[" * 100_000),
]
OUT_OF_RANGE = ['{"pitch_deg": 91}', '{"fov_deg": 0.5}', '{"fx": 0, "fy": 1, "cx": 1, "cy": 1}']


@pytest.mark.parametrize("text", CAMERAS + OUT_OF_RANGE)
def test_cameras(text: str) -> None:
    with pytest.raises(ValueError, match="camera"):
        Camera.from_json(text)
    if text in CAMERAS:
        with pytest.raises(RecordsError, match=r"record 'a': camera"):
            check_chunk(record(camera=[text]))


COMPOSED = "\u1100\u1161\u200d\u0301eａ .,'㌖ﷺ^"
CAPTIONS = ["\u1100\u200d\u1161 cup", "㌖" * 400, "e\u200d\u0301", "ｶ\u200dﾞ", "a\u0345\u0301b"]


@pytest.mark.parametrize("caption", CAPTIONS)
def test_captions_whose_normal_form_changed_when_taken_twice(tmp_path: Path, caption: str) -> None:
    """One failed the whole split where its records are checked."""
    ids, found = read(photos(tmp_path, {"captions": ["a mug", caption]}))
    assert ids == ["good", "bad"]
    assert "㌖" not in caption or "caption 1" in found


def strange_words(rng: random.Random) -> str:
    if rng.randrange(3) == 0:
        return strange_text(rng) + strange_text(rng)
    return "".join(rng.choices(COMPOSED, k=rng.randrange(40)))


def test_the_normal_form_is_its_own() -> None:
    def check(text: str) -> None:
        for clean in (clean_caption, clean_label):
            try:
                once = clean(text)
            except ValueError:
                continue
            assert clean(once) == once
            once.encode()

    fuzz(strange_words, check, 800, 60_000)


WORDS = "a café table"
ENCODED = [
    ("utf-8", True),
    ("utf-8-sig", True),
    ("utf-16", True),
    ("utf-32", True),
    ("utf-16-le", False),
    ("utf-16-be", False),
    ("cp1252", False),
    ("latin-1", False),
]


@pytest.mark.parametrize(("encoding", "is_read"), ENCODED)
def test_encodings_are_known_or_refused(tmp_path: Path, encoding: str, is_read: bool) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    (tmp_path / "a.txt").write_bytes(f"{WORDS}\n".encode(encoding))
    source = PhotosDataset(str(tmp_path), image_size=8, val_share=0, test_share=0).load()
    (part,) = source.chunks("train", 4)
    if is_read:
        assert part["captions"] == [[WORDS]]  # type: ignore[index]
    else:
        assert "a.txt" in str(part)
        assert "convert it to UTF-8" in str(part)


@pytest.mark.parametrize("encoding", ["shift_jis", "iso2022_jp", "euc_jp", "gb18030", "koi8_r"])
def test_other_scripts_are_refused_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    text = "красная чашка" if encoding == "koi8_r" else "机の上"
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    source = PhotosDataset(str(tmp_path), image_size=8, val_share=0, test_share=0).load()
    (part,) = source.chunks("train", 4)
    assert "convert it to UTF-8" in str(part)


def test_lines_end_at_line_ends_alone() -> None:
    def make(rng: random.Random) -> tuple[list[str], str]:
        lines = [strange_text(rng).replace("\r", "").replace("\n", "") for _ in range(4)]
        return lines[: rng.randrange(5)], rng.choice(["\n", "\r\n", "\r"])

    def check(given: tuple[list[str], str]) -> None:
        lines, end = given
        assert split_lines("".join(line + end for line in lines)) == lines

    fuzz(make, check, 300, 20_000)


def test_fields_of_tables_keep_their_line_ends(tmp_path: Path) -> None:
    head = "image_id,region_id,caption,scene_graph\n"
    row = '1,2,"a cup\u2028on\x0ba table","( cup , on ,\n table )"\n'
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress((head + row).encode()))
    source = GoldGraphsDataset(str(tmp_path), "factual", {"train": "train.csv*"}).load()
    (part,) = source.chunks("train", 4)
    assert part["captions"] == [["a cup on a table"]]  # type: ignore[index]
