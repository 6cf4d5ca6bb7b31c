"""A published model's drawings become a row of Table 5."""

import numpy as np
import pandas as pd
import pytest

from spatial_dual.datasets.records import write_records
from spatial_dual.models import pretrained_drawer
from spatial_dual.pipelines.pretrained.nodes import draw_pretrained, tabulate_pretrained
from spatial_dual.tables.paper import table_5
from spatial_dual.tables.results import SCORE_COLUMNS, Results

PARAMETERS = {"variant": "sdxl", "path": "somewhere", "steps": 2, "guidance": 5, "batch": 2}
TRAIN = {"device": "cpu"}


class Drawer:
    """Draws the number of letters."""

    def __init__(self, name, device):
        assert name == "somewhere"

    def draw(self, texts, *, size, steps, guidance, seed):
        return np.stack([np.full((size, size, 3), len(text), np.uint8) for text in texts])


@pytest.fixture
def samples(tmp_path):
    rows = {"id": ["a", "b", "c"], "caption": ["x", "xx", "xxx"]}
    drawn = {"drawn": np.zeros((3, 8, 8, 3), np.uint8)}
    return write_records(tmp_path / "samples", [rows | drawn])


def test_captions_are_drawn_in_batches(samples, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained_drawer, "PretrainedDrawer", Drawer)
    drawn = write_records(tmp_path / "drawn", draw_pretrained(samples, PARAMETERS, TRAIN, 0))
    assert drawn.values("id") == ["a", "b", "c"]
    assert drawn.array("drawn", range(3))[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert drawn.values("guidance", [0]) == [5.0]


def test_a_missing_path_says_what_to_give(samples):
    with pytest.raises(ValueError, match=r"pretrained\.path: name the model"):
        draw_pretrained(samples, PARAMETERS | {"path": None}, TRAIN, 0)


def test_figures_reach_the_table(samples):
    images = {"fid_scenes": 12.5, "is": 3.0, "clip_score": "no CLIP"}
    rows = tabulate_pretrained(samples, images, {"drawn": 30.0}, PARAMETERS, 0)
    metrics = {"refused": {}, "protocol": {"seed": 0, "samples": 3}}
    empty = pd.DataFrame(columns=["id", "metric", "right", "total"])
    scores = pd.DataFrame(columns=list(SCORE_COLUMNS))
    table = table_5(Results.of_runs(metrics, rows, empty, scores))
    row = next(row for row in table.rows if row.name == "SDXL")
    assert [cell.mean for cell in row.cells[:3]] == [12.5, 3.0, 30.0]
    assert "pretrained.variant=sd_1_5" in "\n".join(table.all_notes())
