"""The tour's cells run, in order, on a small untrained model and two rendered scenes."""

import json
import shutil
from pathlib import Path

import pytest

from spatial_dual.datasets.record_schema import AlignedRecordValidator
from spatial_dual.datasets.scene_records import SceneRecordsDataset
from spatial_dual.datasets.whole_model import WholeModelDataset
from spatial_dual.render.source import SceneSource
from tests.models.whole import SIZE, make_whole


def test_tour(project_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "notebooks").mkdir()
    shutil.copy(project_path / "pyproject.toml", tmp_path)
    shutil.copytree(project_path / "conf", tmp_path / "conf")
    data = tmp_path / "data"
    WholeModelDataset(filepath=str(data / "06_models" / "spatial_dual")).save(make_whole())
    source = SceneSource({"train": 1, "val": 1, "test": 2}, image_size=SIZE, workers=1)
    scenes = SceneRecordsDataset(filepath=str(data / "02_intermediate" / "scenes_test"))
    scenes.save(AlignedRecordValidator().validate(source.chunks("test", 2)))
    monkeypatch.chdir(tmp_path / "notebooks")
    notebook = json.loads((project_path / "notebooks" / "tour.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict[str, object] = {}
    for number, cell in enumerate(cells):
        exec(compile(cell, f"tour.ipynb, code cell {number}", "exec"), names)
    assert names["drawing"].image.shape == (SIZE, SIZE, 3)
    assert names["description"].text is not None
