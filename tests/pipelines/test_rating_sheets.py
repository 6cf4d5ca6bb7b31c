"""The form of two systems, and the ratings on their way into Table 3."""

import json

import numpy as np
import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.records import write_records
from spatial_dual.datasets.returned_files import ReturnedFilesDataset, SampleSetsDataset
from spatial_dual.pipelines.rating_sheets.nodes import make_rating_form, read_ratings
from spatial_dual.pipelines.report.paper_nodes import make_table_3

IDS = ["a", "b", "c"]
IMAGES = np.zeros((3, 8, 8, 3), np.uint8)
PARAMETERS = {"samples": 100, "diversity_set": 2}


@pytest.fixture
def folder(tmp_path):
    for name, ids in (("sd3", IDS), ("other", IDS[:2])):
        rows = {
            "id": ids,
            "caption": [f"{name} draws {i}" for i in ids],
            "description": [f"{name} says {i}" for i in ids],
            "drawn": IMAGES[: len(ids)],
        }
        write_records(tmp_path / name, [rows])
    write_records(tmp_path / "scenes", [{"id": IDS, "image": IMAGES}])
    return tmp_path


def systems(folder):
    names = ("sd3", "other", "absent")
    return SampleSetsDataset(folders={n: str(folder / n) for n in names}).load()


def test_ratings_reach_the_table(folder):
    sets = systems(folder)
    assert set(sets) == {"sd3", "other"}
    scenes = SampleSetsDataset(folders={"s": str(folder / "scenes")}).load()["s"]
    html, key = make_rating_form(sets, scenes, PARAMETERS, 0)
    # two common records in both directions and one pair of drawings, for each system
    assert len(key["items"]) == html.count("<section") == 2 * (2 * 2 + 1)
    returned = folder / "returned"
    returned.mkdir()
    for rater, rating in (("x", 4), ("y", 2)):
        ratings = {str(k): rating for k in range(len(key["items"]))}
        content = {"form": key["form"], "rater": rater, "ratings": ratings}
        (returned / f"{rater}.json").write_text(json.dumps(content))
    ratings = read_ratings(key, ReturnedFilesDataset(path=str(returned)).load())
    table = make_table_3(ratings)
    row = next(row for row in table.rows if row.name == "SD³")
    assert [cell.text(2) for cell in row.cells[:3]] == ["3.00 ± 1.41"] * 3
    assert [cell.reason for cell in table.rows[0].cells[:3]][1] == "text to image only"
    assert any("2 raters" in note for note in table.notes)


def test_a_system_of_one_task_is_rated_on_that_alone(folder):
    (samples,) = SampleSetsDataset(folders={"s": str(folder / "sd3")}).load().values()
    scenes = SampleSetsDataset(folders={"s": str(folder / "scenes")}).load()["s"]
    asked = {}
    for system in ("coarse_to_fine", "ar_captioner_3d"):
        _, key = make_rating_form({system: samples}, scenes, PARAMETERS, 0)
        asked[system] = {item["question"] for item in key["items"]}
    assert asked["coarse_to_fine"] == {"st2i_accuracy", "diversity"}
    assert asked["ar_captioner_3d"] == {"si2t_accuracy"}


def test_no_ratings_leave_dashes(folder):
    ratings = read_ratings({"form": "f", "items": []}, ReturnedFilesDataset(path="nowhere").load())
    assert all(cell.mean is None for row in make_table_3(ratings).rows for cell in row.cells[:3])


def test_unreadable_files_are_named(folder):
    (folder / "bad.json").write_text("{")
    with pytest.raises(DatasetError, match=r"bad\.json: not JSON"):
        ReturnedFilesDataset(path=str(folder)).load()
    with pytest.raises(DatasetError, match="run the generate stage"):
        SampleSetsDataset(folders={"x": str(folder / "absent")}).load()
