import json
import pickle

import numpy as np
import pytest

from spatial_dual.datasets.records import Records, RecordsError, write_records
from spatial_dual.datasets.shard_folder import damages

ROWS = 23


def make_columns(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "id": [f"scene-{row}" for row in range(rows)],
        "image": rng.integers(0, 256, (rows, 4, 5, 3), dtype=np.uint8),
        "depth": rng.random((rows, 4, 5)).astype(np.float16),
        "codes": rng.integers(0, 60000, (rows, 6), dtype=np.uint16),
        "score": rng.random(rows),
        "labels": [["cup", "table"][: row % 3] for row in range(rows)],
    }


def split(columns, size):
    rows = len(columns["id"])
    for start in range(0, rows, size):
        yield {name: column[start : start + size] for name, column in columns.items()}


@pytest.mark.parametrize(("chunk", "shard"), [(4, 8), (7, 5), (23, 100), (1, 1)])
def test_gather_gives_the_written_rows_whatever_the_sharding(tmp_path, chunk, shard):
    columns = make_columns()
    records = write_records(tmp_path / "records", split(columns, chunk), rows_per_shard=shard)
    assert len(records) == ROWS
    assert records.columns == tuple(columns)
    indices = np.random.default_rng(1).integers(0, ROWS, 40)
    for name in ("image", "depth", "codes", "score"):
        gathered = records.array(name, indices)
        assert gathered.dtype == columns[name].dtype
        np.testing.assert_array_equal(gathered, columns[name][indices])
    assert records.values("labels", indices) == [columns["labels"][i] for i in indices]
    assert records.values("id") == columns["id"]
    assert records.id_index["scene-20"] == 20


def test_chunks_cover_all_rows_in_order(tmp_path):
    columns = make_columns()
    records = write_records(tmp_path, split(columns, 5), rows_per_shard=8)
    chunks = list(records.chunks(6, ["image", "labels"]))
    assert [len(chunk["labels"]) for chunk in chunks] == [6, 6, 6, 5]
    np.testing.assert_array_equal(np.concatenate([c["image"] for c in chunks]), columns["image"])
    assert [labels for chunk in chunks for labels in chunk["labels"]] == columns["labels"]


def test_gathered_rows_may_be_changed_without_touching_the_records(tmp_path):
    records = write_records(tmp_path, [make_columns()])
    before = records.array("image", [3])
    records.array("image", [3])[:] = 0
    np.testing.assert_array_equal(records.array("image", [3]), before)


def test_list_type_is_found_later_than_the_first_chunk(tmp_path):
    chunks = [{"scores": [[], []]}, {"scores": [[0.5], []]}, {"scores": [[], [1.0]]}]
    assert write_records(tmp_path, chunks).values("scores") == [[], [], [0.5], [], [], [1.0]]


def test_lists_that_stay_empty_are_kept(tmp_path):
    records = write_records(tmp_path, [{"names": [[], []]}, {"names": [[]]}])
    assert records.values("names") == [[], [], []]


def test_equal_chunks_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        write_records(tmp_path / name, split(make_columns(), 4), rows_per_shard=8)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["manifest.json", *(f"shard-{number:05d}.arrow" for number in range(3))]
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_failed_write_leaves_what_was_there(tmp_path):
    write_records(tmp_path, [make_columns()])

    def broken():
        yield make_columns()
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        write_records(tmp_path, broken(), rows_per_shard=10)
    assert not list(tmp_path.parent.glob("*.unfinished"))
    assert Records(tmp_path).values("id") == make_columns()["id"]


def test_a_shorter_rewrite_leaves_no_old_shard(tmp_path):
    write_records(tmp_path, split(make_columns(), 4), rows_per_shard=4)
    write_records(tmp_path, [make_columns(rows=2)], rows_per_shard=4)
    assert len(list(tmp_path.glob("shard-*"))) == 1
    assert len(Records(tmp_path)) == 2


def test_cut_and_changed_shards_are_named(tmp_path):
    write_records(tmp_path, [make_columns()])
    assert damages(tmp_path) == []
    shard = tmp_path / "shard-00000.arrow"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    (line,) = damages(tmp_path)
    assert "shard-00000.arrow: its content changed" in line
    shard.write_bytes(content[:-10])
    with pytest.raises(RecordsError, match=r"shard-00000.arrow: \d+ bytes, the manifest says"):
        Records(tmp_path)
    shard.unlink()
    with pytest.raises(RecordsError, match=r"shard-00000.arrow: missing"):
        Records(tmp_path)


def test_another_manifest_version_is_refused(tmp_path):
    write_records(tmp_path, [make_columns()])
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "version": 99}))
    with pytest.raises(RecordsError, match="version 99"):
        Records(tmp_path)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ({"id": ["x"], "image": np.zeros((1, 4, 6, 3), np.uint8)}, "'image'"),
        ({"id": ["x"], "image": np.zeros((1, 4, 5, 3), np.float32)}, "'image'"),
        ({"id": ["x"]}, "a chunk has columns"),
        ({"id": ["x", "y"], "image": np.zeros((1, 4, 5, 3), np.uint8)}, "differ in length"),
        ({"id": [3], "image": np.zeros((1, 4, 5, 3), bool)}, "'image'"),
    ],
)
def test_chunks_that_do_not_fit_the_first_are_refused(tmp_path, second, reason):
    first = {name: make_columns()[name] for name in ("id", "image")}
    with pytest.raises(RecordsError, match=reason) as caught:
        write_records(tmp_path, [first, second])
    assert str(tmp_path) in str(caught.value)


def test_wrong_reads_are_named(tmp_path):
    records = write_records(tmp_path, [make_columns()])
    with pytest.raises(RecordsError, match="no column 'imgae'; it has id, image"):
        records.array("imgae", [0])
    with pytest.raises(RecordsError, match=r"'labels' holds .* read it with values"):
        records.array("labels", [0])
    for index in (-1, ROWS):
        with pytest.raises(IndexError, match="it has 23"):
            records.array("image", [index])
    twice = write_records(tmp_path, [{"id": ["a", "b", "a"]}])
    with pytest.raises(RecordsError, match="'a' more than once"):
        _ = twice.id_index


def test_arrays_without_a_zero_copy_form_are_refused(tmp_path):
    with pytest.raises(RecordsError, match=r"'mask' cannot be stored: .* store uint8"):
        write_records(tmp_path, [{"mask": np.zeros((2, 3, 3), bool)}])


def test_empty_selections_and_no_rows_at_all(tmp_path):
    records = write_records(tmp_path / "some", [make_columns()])
    assert records.array("image", []).shape == (0, 4, 5, 3)
    assert records.values("id", []) == []
    nothing = write_records(tmp_path / "none", [])
    assert len(nothing) == 0
    assert list(nothing.chunks(4)) == []


def test_another_process_gets_the_place_not_the_rows(tmp_path):
    records = write_records(tmp_path / "records", [make_columns(rows=2000)])
    image = records.array("image", [7])
    handed_over = pickle.dumps(records)
    assert len(handed_over) < 5_000
    np.testing.assert_array_equal(pickle.loads(handed_over).array("image", [7]), image)
