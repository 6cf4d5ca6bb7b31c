"""The script that puts a run's results into the README."""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spatial_dual.tables.table import Cell, Column, Row, Table

PROJECT = Path(__file__).resolve().parents[1]
TABLE = Table(
    number=2,
    title="Main",
    columns=(Column(heading="BLEU4↑"), Column(heading="IS↑"), Column(heading="x", published=True)),
    rows=(
        Row(name="ours", cells=(Cell(mean=12.25, seeds=1), Cell(reason="none"), Cell(mean=1))),
        Row(name="theirs", cells=(Cell(reason="none"), Cell(reason="none"), Cell(mean=7))),
    ),
    notes=("Columns marked [published] are the paper's.", "Ours: one seed."),
)


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("script", PROJECT / "docs/show_results.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_what_is_measured_is_shown(script):
    assert script.measured(TABLE).splitlines() == [
        "| system | BLEU4↑ |",
        "|---|---:|",
        "| ours | 12.25 |",
        "",
        "- Ours: one seed.",
    ]


def test_content_goes_between_the_marks_of_the_readme_and_stays_when_put_again(script):
    readme = (PROJECT / "README.md").read_text("utf-8")
    for mark in (script.RESULTS, script.TABLE_2):
        once = script.put(readme, mark, "| a |\n")
        assert f"<!-- {mark} -->\n| a |\n<!-- end of {mark} -->" in once
        assert script.put(once, mark, "| a |\n") == once
    with pytest.raises(ValueError, match="no '<!-- table 2 -->'"):
        script.put("nothing here", "table 2", "| a |")


def test_figures_are_of_the_last_run_on_the_test_split(script, tmp_path):
    with pytest.raises(FileNotFoundError, match="kedro run"):
        script.latest_metrics(tmp_path)
    for version, split in (("2026-01-01", "test"), ("2026-01-02", "test"), ("2026-01-03", "val")):
        folder = tmp_path / "metrics.json" / version
        folder.mkdir(parents=True)
        (folder / "metrics.json").write_text(
            json.dumps({"protocol": {"split": split, "version": version}})
        )
    with pytest.raises(ValueError, match="of the val split"):
        script.latest_metrics(tmp_path)
    shutil.rmtree(folder)
    assert script.latest_metrics(tmp_path)["protocol"]["version"] == "2026-01-02"


def test_pictures_become_small(script, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png")
    script.shrunk(tmp_path / "large.png", tmp_path / "small.png")
    assert (tmp_path / "small.png").stat().st_size <= script.MOST_BYTES
    assert Image.open(tmp_path / "small.png").width > 300
