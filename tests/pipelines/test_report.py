"""The same inputs give the paper's tables, figures and page byte for byte."""

import numpy as np
import pandas as pd
import pytest

from spatial_dual.datasets.paper_files import PaperFigureDataset, PaperTableDataset
from spatial_dual.datasets.records import write_records
from spatial_dual.pipelines.report import paper_nodes as paper
from spatial_dual.tables.results import RESULT_COLUMNS, SCORE_COLUMNS

METRICS = {
    "texts": {"spice": 30.0, "bleu4": 5.0},
    "clip": {"drawn": 40.0},
    "refused": {"images.fid_scenes": "8 pictures, at least 50 are needed"},
    "protocol": {"seed": 0, "samples": 8, "versions": {"torch": "2"}},
}
RUNS = [
    {
        "id": "2026-01-01T00.00.00.000Z",
        "status": "done",
        "started": "2026-01-01T00:00:00+00:00",
        "command": ["kedro", "run"],
        "git": {"commit": "0123456789abcdef", "dirty": False},
        "machine": {"machine": "x86_64", "system": "Linux", "cpus": 2},
    }
]
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
IDS = ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    words = {"caption": [f"draw {i}" for i in IDS], "description": [f"said {i}" for i in IDS]}
    return (
        write_records(folder / "samples", [{"id": IDS, "drawn": IMAGES} | words]),
        write_records(folder / "scenes", [{"id": IDS, "image": IMAGES[::-1].copy()}]),
    )


def write_all(folder, samples, scenes) -> None:
    """Everything that needs no model, in files below ``folder``."""
    generator = np.random.default_rng(0)
    runs = pd.DataFrame(
        [
            (v, s, "texts.spice", 30 + k + s, 8)
            for k, v in enumerate(["singleton", "sd3"])
            for s in range(3)
        ],
        columns=list(RESULT_COLUMNS),
    )
    scores = pd.DataFrame(
        [
            (v, s, i, "texts.spice", generator.random(), 1.0)
            for v in ("singleton", "sd3")
            for s in range(3)
            for i in IDS
        ],
        columns=list(SCORE_COLUMNS),
    )
    own = pd.DataFrame(columns=["id", "metric", "right", "total"])
    results = paper.collect_results(METRICS, runs, own, scores)
    tables = {
        "table_2": paper.make_table_2(results),
        "table_4": paper.make_table_4(results),
        "table_6": paper.make_table_6(results),
    }
    systems = {"sd3": samples, "ar_captioner_3d": samples}
    parameters = {"samples": 4, "side": 48}
    figures = {
        "figure_04": paper.draw_figure_4(samples, scenes, systems, parameters),
        "figure_06": paper.draw_figure_6(results),
        "figure_11": paper.draw_figure_11(samples, scenes, systems, parameters),
    }
    read = {}
    for name, content in (tables | figures).items():
        kind = PaperTableDataset if name in tables else PaperFigureDataset
        dataset = kind(filepath=str(folder / name))
        dataset.save(content)
        read[name] = dataset.load()
    (folder / "index.html").write_text(paper.write_page(METRICS, RUNS, **read))


def test_everything_is_the_same_bytes_twice(tmp_path, records):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_all(tmp_path / name, *records)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 3 * 4 + 2 * 2 + 3 + 1
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), (
            name
        )
    page = (tmp_path / "one/index.html").read_text()
    assert "8 pictures, at least 50 are needed" in page
    assert "over Singleton, the best baseline: p = " in page
    assert "bootstrap over 3 trainings, 4 scenes" in page
    assert "<dd>kedro run</dd>" in page
    assert "0123456789ab<" in page
