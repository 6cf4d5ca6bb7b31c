import pandas as pd
import pytest
from kedro.io import DatasetError
from PIL import Image

from spatial_dual.datasets.paper_files import PaperFigureDataset, PaperTableDataset
from spatial_dual.datasets.run_results import RunResultsDataset
from spatial_dual.figures.chart import Chart, Panel, Series
from spatial_dual.figures.forms import Picture
from spatial_dual.tables.table import Cell, Column, Row, Table

CHART = Chart("Title", (Panel("", "%", ("a", "b"), (Series("s", (1.0, None), (0.1, None)),)),))
TABLE = Table(
    number=2,
    title="T",
    columns=(Column(heading="x"),),
    rows=(Row(name="r", cells=(Cell(mean=1.5, seeds=1),)),),
)


def test_table_in_all_forms(tmp_path):
    dataset = PaperTableDataset(filepath=str(tmp_path / "paper/table_2"))
    assert not dataset.exists()
    dataset.save(TABLE)
    assert dataset.exists()
    assert dataset.load() == TABLE
    names = {path.name for path in (tmp_path / "paper").iterdir()}
    assert names == {"table_2.csv", "table_2.md", "table_2.tex", "table_2.json"}
    preview = {"columns": ["system", "x"], "index": [0], "data": [["r", "1.50"]]}
    assert dataset.preview() == preview


@pytest.mark.parametrize("figure", [CHART, Picture(Image.new("RGB", (9, 7), "red"), "Red")])
def test_figures_are_the_same_bytes_every_time(tmp_path, figure):
    for folder in ("one", "two"):
        dataset = PaperFigureDataset(filepath=str(tmp_path / folder / "figure_05"))
        assert not dataset.exists()
        dataset.save(figure)
        assert dataset.exists()
        assert "<svg" in dataset.load()
    first, second = (sorted((tmp_path / folder).iterdir()) for folder in ("one", "two"))
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert (len(first) == 3) == (figure is CHART)


def test_picture_of_a_size_keeps_it(tmp_path):
    dataset = PaperFigureDataset(filepath=str(tmp_path / "figure_04"))
    dataset.save(Picture(Image.new("RGB", (9, 7)), "Black"))
    assert 'width="9" height="7"' in dataset.load()
    assert Image.open(tmp_path / "figure_04.png").size == (9, 7)


def results(tmp_path) -> RunResultsDataset:
    return RunResultsDataset(filepath=str(tmp_path / "r.csv"), columns=["id", "value"])


def test_absent_results_are_no_rows(tmp_path):
    dataset = results(tmp_path)
    assert not dataset.exists()
    assert dataset.load().empty
    assert list(dataset.load().columns) == ["id", "value"]


def test_results_come_back(tmp_path):
    frame = pd.DataFrame({"id": ["001", "2"], "value": [0.1 + 0.2, 1.0]})
    results(tmp_path).save(frame)
    pd.testing.assert_frame_equal(results(tmp_path).load(), frame, check_dtype=False)


def test_other_columns_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="columns must be id, value, got value"):
        results(tmp_path).save(pd.DataFrame({"value": [1]}))
    (tmp_path / "r.csv").write_text("id\n1\n")
    with pytest.raises(DatasetError, match="delete it to start anew"):
        results(tmp_path).load()
