from pathlib import Path

import numpy as np
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, DatasetError

from spatial_dual.datasets.record_columns import RecordsError
from spatial_dual.datasets.record_schema import AlignedRecordValidator, check_chunk
from spatial_dual.datasets.records import write_records
from spatial_dual.render.scenes import render_chunk
from spatial_dual.scene.graph import SceneGraph, SceneObject

GRAPH = SceneGraph(objects=(SceneObject(label="cup"),)).to_json()


def record(**changed):
    columns = {
        "id": ["a"],
        "image": np.zeros((1, 8, 8, 3), np.uint8),
        "depth": np.ones((1, 8, 8), np.float16),
        "instances": np.ones((1, 8, 8), np.uint8),
        "labels": [["cup"]],
        "camera": ['{"fov_deg": 50}'],
        "graph": [GRAPH],
        "captions": [["a cup"]],
        "place": [""],
    }
    return {**columns, **changed}


def without(*names):
    return {name: column for name, column in record().items() if name not in names}


def catalog(project_path: Path, folder: Path) -> DataCatalog:
    """The project's own entry, as the catalog makes it, in another folder."""
    loader = OmegaConfigLoader(str(project_path / "conf"), base_env="base", default_run_env="smoke")
    entry = loader["catalog"]["scenes_{split}"]
    return DataCatalog.from_config({"scenes_{split}": entry | {"filepath": f"{folder}/{{split}}"}})


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (without("captions"), "columns camera, depth, "),
        (record(colour=[1]), "columns camera, captions, colour, "),
        (without("depth"), "version 1 of the record has camera, captions, depth"),
        (record(image=np.zeros((1, 8, 8, 3))), "column 'image' is float64"),
        (record(image=np.zeros((1, 8, 9, 3), np.uint8)), "column 'image' is uint8 (1, 8, 9, 3)"),
        (record(depth=np.ones((1, 4, 4), np.float16)), "column 'depth' is float16 (1, 4, 4)"),
        (record(depth=np.full((1, 8, 8), np.nan, np.float16)), "'a': depth is not finite"),
        (record(depth=np.full((1, 8, 8), -1, np.float16)), "'a': depth is not finite or below 0"),
        (record(instances=np.full((1, 8, 8), 2, np.uint8)), "'a': instance 2 has no label"),
        (record(labels=[[""]]), "'a': label '' is no word"),
        (record(camera=["[]"]), "'a': camera: expected a JSON object, got '[]'"),
        (record(graph=['{"schema_version": 1, "objects": [{}]}']), "'a': $.objects[0].label"),
        (record(captions=[["two  blanks"]]), "'a': caption 'two  blanks' is not in normal form"),
        (record(captions=[[]]), "'a': a picture without caption"),
        (record(place=[None]), "'a': place None is no text"),
        (record(id=[""]), "record '': no id"),
    ],
)
def test_what_breaks_the_schema_is_named(columns, reason):
    with pytest.raises(RecordsError) as caught:
        check_chunk(columns)
    assert reason in str(caught.value)


def test_texts_and_graphs_need_no_picture():
    check_chunk(without("image", "depth", "instances", "camera") | {"captions": [[]]})


def test_rendered_scenes_pass_and_come_back_stamped(project_path, tmp_path):
    chunk = render_chunk(0, "train", range(2), 32)
    data = catalog(project_path, tmp_path)
    data.save("scenes_train", iter([chunk]))
    records = data.load("scenes_train")
    assert records.array("schema_version", [0, 1]).tolist() == [1, 1]
    assert records.values("id") == list(chunk["id"])


def test_a_bad_chunk_stops_the_save_and_leaves_nothing(project_path, tmp_path):
    data = catalog(project_path, tmp_path)
    for second in (record(id=["b"], labels=[[]]), record()):
        with pytest.raises(
            DatasetError, match=r"record 'b': instance 1|'a': its id is not its own"
        ):
            data.save("scenes_train", iter([record(), second]))
        assert not data.exists("scenes_train")


def test_other_versions_and_changed_records_are_refused_on_load(project_path, tmp_path):
    data = catalog(project_path, tmp_path)
    for columns, reason in (
        (record(), r"schema version \[None\], this program reads 1"),
        (record(schema_version=np.array([2], np.uint8)), r"schema version \[2\]"),
        (record(schema_version=np.array([1], np.uint8), labels=[[]]), r"'a': instance 1 has no"),
    ):
        write_records(tmp_path / "train", [columns])
        with pytest.raises(DatasetError, match=reason):
            data.load("scenes_train")


def test_no_records_at_all_pass(tmp_path):
    empty = write_records(tmp_path, [])
    assert AlignedRecordValidator().validate(empty) is empty
