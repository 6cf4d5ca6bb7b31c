"""Shards of strangers: no signal, no memory of others, and what is wrong is named."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatial_dual.datasets.record_columns import RecordsError
from spatial_dual.datasets.records import Records, write_records
from spatial_dual.datasets.shard_folder import damages
from tests.faults.child import outcomes
from tests.faults.profile import inputs

ROWS = 40
SHARD = "shard-00000.arrow"
NUMERIC = ("image", "number")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    chunk = {
        "id": [f"{row:03d}" * 5 for row in range(ROWS)],
        "image": rng.integers(0, 255, (ROWS, 6, 6), np.uint8),
        "number": np.arange(ROWS, dtype=np.int64),
        "captions": [["a cup", "é" * (row % 5)][: row % 3] for row in range(ROWS)],
    }
    return write_records(tmp_path_factory.mktemp("shards") / "r", [chunk], 16).folder


def content(folder: Path) -> dict[str, Any]:
    records = Records(folder)
    arrays = {name: records.array(name, range(len(records))).tolist() for name in NUMERIC}
    return arrays | {name: records.values(name) for name in records.columns}


def stated(folder: Path, **changes: Any) -> None:
    """Make the manifest agree with the first shard, as a stranger would, and change its entry."""
    manifest = json.loads((folder / "manifest.json").read_text())
    data = (folder / SHARD).read_bytes()
    agreeing = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest["shards"][0] |= agreeing | changes
    manifest["rows"] = sum(int(shard["rows"]) for shard in manifest["shards"])
    (folder / "manifest.json").write_text(json.dumps(manifest))


def read_flipped(given: tuple[Path, Path, int, bool]) -> str:
    """How a shard with some bits flipped is read, its hash agreeing or not."""
    whole, place, seed, agrees = given
    rng = np.random.default_rng(seed)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(whole, place)
    data = np.frombuffer((place / SHARD).read_bytes(), np.uint8).copy()
    for _ in range(rng.integers(1, 5)):
        data[rng.integers(len(data))] ^= np.uint8(1 << rng.integers(8))
    (place / SHARD).write_bytes(data.tobytes())
    if agrees:
        stated(place)
    elif damages(place):
        return "named"
    try:
        return "equal" if content(place) == content(whole) else "other"
    except RecordsError:
        return "named"


@pytest.mark.parametrize("agrees", [False, True])
def test_flipped_bits(folder: Path, tmp_path: Path, agrees: bool) -> None:
    tries = [(folder, tmp_path / "r", seed, agrees) for seed in range(inputs(150, 10_000))]
    found = set(outcomes(read_flipped, tries))
    assert found == ({"named", "equal", "other"} if agrees else {"named"})


def patched(folder: Path, place: Path, before: bytes, after: bytes) -> None:
    shutil.copytree(folder, place)
    data = (place / SHARD).read_bytes()
    assert data.count(before) == 1
    (place / SHARD).write_bytes(data.replace(before, after))
    stated(place)


def read(place: Path) -> str:
    try:
        content(place)
    except RecordsError as error:
        return str(error)
    return "read"


OFFSETS = np.arange(0, 16 * 15 + 1, 15, dtype=np.int32)
"""Of the ids, fifteen bytes each."""


@pytest.mark.parametrize(
    ("number", "value"),
    [(16, 2**31 - 1), (16, 10_000), (1, -1), (8, -(2**31)), (0, 2**30), (3, 2)],
)
def test_offsets_that_lead_out_of_the_buffer(
    folder: Path, tmp_path: Path, number: int, value: int
) -> None:
    """They read the memory of others or crash on today's Arrow unless it is told to check."""
    changed = OFFSETS.copy()
    changed[number] = value
    patched(folder, tmp_path / "r", OFFSETS.tobytes(), changed.tobytes())
    (said,) = outcomes(read, [tmp_path / "r"])
    assert SHARD in said
    assert "damaged or not ours" in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"file": "../../x"}, "shards.0.file"),
        ({"file": "/etc/passwd"}, "shards.0.file"),
        ({"file": "shard-00000.arrow\n"}, "shards.0.file"),
        ({"file": "shard-00001.arrow"}, "named twice"),
        ({"rows": 200_000_000, "batches": [200_000_000]}, "200000000 rows in"),
        ({"rows": 17, "batches": [17]}, "a batch of 16 rows, stated 17"),
        ({"batches": [8, 8]}, "1 batches, 2 stated"),
        ({"batches": [2**62, 2**62, -(2**63) + 16]}, "shards.0.batches"),
        ({"batches": [15]}, "16 rows, its batches 15"),
        ({"rows": "16"}, "shards.0.rows"),
        ({"bytes": None}, "shards.0.bytes"),
    ],
)
def test_manifests_that_contradict_themselves_or_lead_out(
    folder: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    shutil.copytree(folder, tmp_path / "r")
    shutil.copyfile(folder / SHARD, tmp_path / "x")
    stated(tmp_path / "r", **changes)
    (said,) = outcomes(read, [tmp_path / "r"])
    assert message in said


def test_a_tensor_of_more_rows_than_it_has_values(tmp_path: Path) -> None:
    """Its length, a 64-bit number of the batch's description, is patched."""
    rows = 1021
    chunk = {"image": np.ones((rows, 2, 2), np.uint8), "number": np.arange(rows)}
    place = write_records(tmp_path / "r", [chunk]).folder
    data = (place / SHARD).read_bytes()
    for length in (rows, rows * 4):
        many = np.int64(200_000_000 * length // rows).tobytes()
        data = data.replace(np.int64(length).tobytes(), many)
    (place / SHARD).write_bytes(data)
    stated(place)
    (said,) = outcomes(read, [place])
    assert "damaged or not ours" in said


def test_a_shard_that_is_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "r")
    (tmp_path / "r" / SHARD).unlink()
    (tmp_path / "r" / SHARD).symlink_to(folder / SHARD)
    with pytest.raises(RecordsError, match="missing"):
        Records(tmp_path / "r")


@pytest.mark.parametrize("manifest", ["[]", "3", "[" * 100_000, '{"version": 1}', '{"version":[]}'])
def test_a_manifest_that_is_none_is_named(folder: Path, tmp_path: Path, manifest: str) -> None:
    shutil.copytree(folder, tmp_path / "r")
    (tmp_path / "r" / "manifest.json").write_text(manifest)
    with pytest.raises(RecordsError, match=r"manifest\.json: "):
        Records(tmp_path / "r")
