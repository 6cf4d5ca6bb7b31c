import gzip
import json

import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.graphs.catalog import GoldGraphsDataset
from spatial_dual.datasets.graphs.threedssg import NOT_OF_PLACE, PREDICATES
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.datasets.record_schema import check_chunk
from spatial_dual.scene.graph import GEOMETRIC_PREDICATES, SceneGraph

FILES = {"train": "relationships_train*", "val": "relationships_validation*"}
SCAN = {
    "scan": "room",
    "split": 2,
    "objects": {"7": "Chair", "3": "floor", "9": "table"},
    "relationships": [
        [7, 3, 15, "standing on"],
        [7, 3, 1, "supported by"],
        [7, 9, 2, "left"],
        [9, 7, 13, "same as"],
    ],
}


def write(folder, scans, name="relationships_train.json"):
    (folder / name).write_text(json.dumps({"scans": scans}))
    (folder / "relationships_validation.json").write_text('{"scans": []}')


def read(folder, max_objects=9, split="train"):
    source = GoldGraphsDataset(str(folder), "3dssg", FILES, max_objects).load()
    parts = list(source.chunks(split, 100))
    findings = [part for part in parts if isinstance(part, Finding)]
    return [part for part in parts if part not in findings], findings, source.splits()


def test_a_scan_becomes_a_graph_with_our_predicates(tmp_path):
    write(tmp_path, [SCAN])
    [chunk], [finding], splits = read(tmp_path)
    check_chunk(chunk)
    assert chunk["id"] == ["room-2"]
    assert chunk["labels"] == [["floor", "chair", "table"]]
    graph = SceneGraph.from_json(chunk["graph"][0])
    assert graph.triplets() == [("chair", "on", "floor"), ("chair", "to the left of", "table")]
    assert splits == {"train": 1, "val": 0, "test": 0}
    assert finding.left_out == "relation"
    assert "1 relations compare and say nothing of place: same as 1" in finding.reason


def test_a_large_graph_keeps_its_most_related_objects_and_says_so(tmp_path):
    star = [[1, other, 6, "close by"] for other in range(2, 7)] + [[5, 6, 2, "left"]]
    objects = {str(number): f"thing {number}" for number in range(1, 9)}
    write(tmp_path, [{**SCAN, "objects": objects, "relationships": star}])
    [chunk], [finding], _ = read(tmp_path, max_objects=4)
    assert chunk["labels"] == [["thing 1", "thing 2", "thing 5", "thing 6"]]
    assert len(SceneGraph.from_json(chunk["graph"][0]).relations) == 4
    assert (finding.left_out, finding.reason) == ("object", "8 objects, the 4 most related kept")


@pytest.mark.parametrize(
    ("change", "left_out", "reason"),
    [
        ({"relationships": [[7, 3, 99, "eats"]]}, "relation", "'eats' is none of 3DSSG's"),
        ({"relationships": [[7, 4, 2, "left"]]}, "relation", "7 left 4: no two objects"),
        ({"relationships": [[7, 7, 2, "left"]]}, "relation", "7 left 7: no two objects"),
        ({"relationships": [[7, 3]]}, "record", "not a scan"),
        ({"objects": ["chair"]}, "record", "not a scan"),
        ({"objects": {"1": " "}, "relationships": []}, "record", "not a scan"),
    ],
)
def test_what_breaks_the_format_is_named(tmp_path, change, left_out, reason):
    write(tmp_path, [{**SCAN, **change}])
    _, [finding], splits = read(tmp_path)
    assert finding.left_out == left_out
    assert reason in finding.reason
    assert finding.id == "room-2"
    assert splits["train"] == 1


@pytest.mark.parametrize("scan", ["room", None, [], 3])
def test_what_is_no_scan_is_left_out(tmp_path, scan):
    write(tmp_path, [scan, SCAN])
    [chunk], findings, splits = read(tmp_path)
    assert chunk["id"] == ["room-2"]
    assert (findings[0].id, findings[0].left_out) == ("scan 0", "record")
    assert splits["train"] == 2


def test_scans_of_one_name_are_told_apart(tmp_path):
    write(tmp_path, [SCAN, {**SCAN, "split": 3}, SCAN])
    [chunk], findings, _ = read(tmp_path)
    assert chunk["id"] == ["room-2", "room-3"]
    assert [f.id for f in findings if f.left_out == "record"] == ["room-2"]


def test_files_that_are_missing_or_broken_are_named(tmp_path):
    with pytest.raises(
        DatasetError, match=r"one file relationships_train\* is needed, found: none"
    ):
        read(tmp_path)
    write(tmp_path, [SCAN])
    (tmp_path / "relationships_train.json").write_text('{"scans": 3}')
    with pytest.raises(DatasetError, match=r'relationships_train.json: expected .* list "scans"'):
        read(tmp_path)
    (tmp_path / "relationships_train.json").rename(tmp_path / "relationships_train.json.gz")
    with pytest.raises(DatasetError, match=r"json.gz: Not a gzipped file"):
        read(tmp_path)
    with pytest.raises(DatasetError, match=r"--params=gold_graphs.path="):
        GoldGraphsDataset(None, "3dssg", FILES).load()
    with pytest.raises(DatasetError, match="format 'xml'; known: 3dssg, factual"):
        GoldGraphsDataset(str(tmp_path), "xml", FILES).load()


def test_the_mapping_covers_the_published_predicates_and_speaks_ours(shared_data):
    listed = (shared_data / "3dssg" / "relationships.txt").read_text().split("\n")
    published = {line.strip() for line in listed if line.strip()}
    assert published == PREDICATES.keys() | NOT_OF_PLACE
    assert set(PREDICATES.values()) <= set(GEOMETRIC_PREDICATES)


def test_published_sub_scenes(shared_data):
    chunks, findings, splits = read(shared_data / "3dssg")
    assert splits == {"train": 330, "val": 300, "test": 0}
    assert [finding.id for finding in findings] == ["all graphs"]
    body = gzip.decompress((shared_data / "3dssg/relationships_train_cut.json.gz").read_bytes())
    for scan, text in zip(json.loads(body)["scans"], chunks[0]["graph"], strict=False):
        graph = SceneGraph.from_json(text)
        expected = {
            (scan["objects"][str(s)], PREDICATES[p], scan["objects"][str(o)])
            for s, o, _, p in scan["relationships"]
            if p in PREDICATES
        }
        assert set(graph.triplets()) == expected
