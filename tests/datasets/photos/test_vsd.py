import json

import numpy as np
import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.images import Crop
from spatial_dual.datasets.photos.annotations import read_triples
from spatial_dual.datasets.photos.catalog import VsdDataset
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.scene.graph import SceneGraph
from tests.datasets.photos.vsd_folder import make_vsd, vsd_rows

SIZE = 64
COUNTS = {"train": 4, "val": 1, "test": 1}


@pytest.fixture
def folders(tmp_path):
    return make_vsd(tmp_path, COUNTS, SIZE)


def read(folders, split="train", **options):
    annotations, images = map(str, folders)
    source = VsdDataset(annotations, images, image_size=SIZE, **options).load()
    parts = list(source.chunks(split, 3))
    findings = [part for part in parts if isinstance(part, Finding)]
    return [part for part in parts if part not in findings], findings


def change(folders, split, position, **fields):
    path = folders[0] / f"{split}.json"
    rows = json.loads(path.read_text())
    rows[position] = {**rows[position], **fields}
    path.write_text(json.dumps(rows))
    return rows[position]


def test_records_hold_picture_captions_boxes_and_gold_relations(folders):
    chunks, findings = read(folders)
    assert not findings
    assert [len(chunk["id"]) for chunk in chunks] == [3, 1]
    records = [dict(zip(c, v, strict=True)) for c in chunks for v in zip(*c.values(), strict=True)]
    for record, (annotation, pixels) in zip(records, vsd_rows("train", 4, SIZE), strict=True):
        assert record["id"] == annotation["img_id"]
        np.testing.assert_array_equal(record["image"], pixels)
        assert record["captions"] == annotation["captions"]
        graph = SceneGraph.from_json(record["graph"])
        expected = [(t["s"], t["p"], t["o"]) for t in annotation["triple_list"]]
        assert sorted(graph.triplets()) == sorted(expected)
        assert {relation.source for relation in graph.relations} == {"gold"}
        assert record["labels"] == [item.label for item in graph.objects]
        for number in np.unique(record["instances"]):
            if number:
                x0, y0, x1, y1 = (SIZE * v for v in graph.objects[number - 1].region)
                rows, columns = np.nonzero(record["instances"] == number)
                assert y0 <= rows.min() <= rows.max() < y1
                assert x0 <= columns.min() <= columns.max() < x1


def test_missing_images_are_named(folders):
    gone = next(folders[1].rglob("train*.png"))
    gone.unlink()
    chunks, [finding] = read(folders)
    assert sum(len(chunk["id"]) for chunk in chunks) == 3
    assert finding.id == gone.stem
    assert finding.reason.startswith(f"image: {folders[1] / gone.stem}: No such file")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("p", "near", "predicate 'near'"),
        ("s", " . ", "label ' . ' is no word"),
        ("s_bbox", [1, 2, 3], "is not four numbers"),
        ("s_bbox", [9, 3, 0, 4], "is not y0 < y1"),
        ("s_bbox", [0, 10, 0, 9 * SIZE], "reaches out of the 64×64 picture"),
        ("s_bbox", "none", "is not four numbers"),
    ],
)
def test_triples_that_cannot_be_used_are_named(folders, field, value, reason):
    row = json.loads((folders[0] / "train.json").read_text())[0]
    bad = {**row["triple_list"][0], field: value}
    change(folders, "train", 0, triple_list=[*row["triple_list"], bad])
    chunks, [finding] = read(folders)
    assert finding.left_out == "relation"
    assert reason in finding.reason
    assert len(SceneGraph.from_json(chunks[0]["graph"][0]).relations) == len(row["triple_list"])
    change(folders, "train", 0, triple_list=[bad])
    _, [finding] = read(folders)
    assert finding.left_out == "record"
    assert "none of 1 is usable" in finding.reason


def test_a_thing_boxed_twice_is_one_object():
    def triple(predicate, other, box):
        return {"s": "Cup.", "p": predicate, "o": other, "s_bbox": box, "o_bbox": [50, 90, 0, 99]}

    crop = Crop(100, 200, 64)
    triples = [
        triple("on", "table", [30, 50, 60, 80]),
        triple("above", "floor", [31, 50, 60, 80]),
        triple("on", "table", [30, 50, 150, 170]),
    ]
    found = read_triples(triples, crop)
    assert [item["label"] for item in found.instances] == ["cup", "table", "floor", "cup"]
    assert list(found.relations) == [(0, "on", 1), (0, "above", 2), (3, "on", 1)]
    graph = found.graph([3, 0, 1, 2])
    assert graph.triplets() == [
        ("cup", "on", "table"),
        ("cup", "above", "floor"),
        *graph.triplets()[2:],
    ]
    # the crop is the columns 50 to 150: the second cup is cut away, the table half
    assert [round(item.visibility, 2) for item in graph.objects] == [0, 1, 0.49, 0.49]
    itself = {**triples[0], "o": "cup", "o_bbox": triples[0]["s_bbox"]}
    assert "both boxes are one" in read_triples([itself], crop).problems[0]


def test_versions_in_one_folder_are_told_apart(folders):
    (folders[0] / "v2_train.json").write_text("[]")
    with pytest.raises(DatasetError, match=r"v2_train.json; --params=vsd.prefix"):
        read(folders)
    assert read(folders, prefix="v2") == ([], [])


@pytest.mark.parametrize(
    ("body", "reason"), [("{", "not JSON"), ('{"a": 1}', "expected a list of photos, got dict")]
)
def test_a_file_that_is_no_list_is_named(folders, body, reason):
    (folders[0] / "train.json").write_text(body)
    with pytest.raises(DatasetError, match=rf"train.json: {reason}"):
        read(folders)


def test_rows_of_any_shape_are_left_out_or_read(folders):
    (folders[0] / "train.json").write_text('[1, {}, {"img_id": 3, "captions": "text"}]')
    chunks, findings = read(folders)
    assert not chunks
    assert [finding.id for finding in findings] == ["row 1 of train", "row 2 of train", "3"]


def test_folders_that_are_not_there_are_named(tmp_path):
    with pytest.raises(DatasetError, match=r"--params=vsd.path="):
        VsdDataset(None, None).load()
    with pytest.raises(DatasetError, match=r"nowhere: no such folder"):
        VsdDataset(str(tmp_path), str(tmp_path / "nowhere")).load()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_box_order_is_the_one_the_predicates_speak_of(shared_data, version):
    """ "Above" must mean a smaller y of the centre, "to the left of" a smaller x."""
    rows = json.loads((shared_data / "vsd" / f"{version}_val.json").read_text())
    triples = [triple for row in rows for triple in row["triple_list"]]
    found = read_triples(triples, Crop(1500, 1500, 64))
    assert len(found.problems) < 0.06 * len(triples)  # one thing with itself, numbers as labels

    def share_before(predicate, axis):
        shares = []
        for subject, relation, target in found.relations:
            if relation == predicate:
                first, second = (found.instances[k]["box"] for k in (subject, target))
                shares.append(first[axis] + first[axis + 2] < second[axis] + second[axis + 2])
        return np.mean(shares)

    assert share_before("above", 1) > 0.8
    assert share_before("under", 1) < 0.2
    assert share_before("to the left of", 0) > 0.7
    assert share_before("to the right of", 0) < 0.3
