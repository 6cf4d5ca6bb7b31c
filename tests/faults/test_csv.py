"""Tables of runs come back as they were, whatever strangers called their records and themselves."""

import csv
import io
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial_dual.datasets.csv_frames import frame_to_csv, read_frame
from spatial_dual.datasets.kedro_tables import CSVDataset
from spatial_dual.datasets.run_results import RunResultsDataset
from spatial_dual.datasets.run_rows import RunRowsDataset

NAMES = [
    "007",
    "7",
    "NA",
    "nan",
    "",
    "=1+1",
    "'x",
    "-2",
    "a,b",
    'a"b',
    "a\rb",
    "a\nb",
    "True",
    "1e5",
]
TEXTS = st.sampled_from(NAMES) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
)
NUMBERS = st.floats(allow_nan=True, allow_infinity=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("tables") / "table.csv"


@settings(deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, NUMBERS, st.integers(-9, 9)), min_size=1, max_size=5))
def test_a_table_comes_back_and_holds_no_formula(place, rows):
    frame = pd.DataFrame(rows, columns=["id", "rater", "right", "seed"])
    place.write_bytes(frame_to_csv(frame))
    back = read_frame(place)
    assert (
        back[["id", "rater", "seed"]].to_numpy().tolist()
        == frame[["id", "rater", "seed"]].to_numpy().tolist()
    )
    for one, other in zip(back["right"].astype(float), frame["right"], strict=True):
        assert one == other or (math.isnan(one) and math.isnan(other))
    cells = list(csv.reader(io.StringIO(place.read_bytes().decode(), newline="")))
    assert {len(row) for row in cells} == {4}
    texts = [text for row in cells for text in row[:2]]
    assert not any(text.startswith(tuple("=+-@\t\r\n")) for text in texts)


def scores(**more: object) -> pd.DataFrame:
    return pd.DataFrame({"id": NAMES, "metric": "texts.spice", "right": 0.1, "total": 1.0, **more})


def test_ids_are_the_same_in_every_table_of_scores(tmp_path):
    columns = ["id", "metric", "right", "total"]
    datasets = {
        "samples": CSVDataset(filepath=str(tmp_path / "a.csv"), save_args={"index": False}),
        "results": RunResultsDataset(filepath=str(tmp_path / "b.csv"), columns=columns),
        "rows": RunRowsDataset(filepath=str(tmp_path / "c" / "sd3.seed_0.csv")),
    }
    for dataset in datasets.values():
        dataset.save(scores())
        assert dataset.load()["id"].tolist() == NAMES
    together = RunResultsDataset(filepath=str(tmp_path / "c.csv"), columns=columns)
    assert together.load().equals(scores())


def test_a_run_that_is_added_leaves_the_others_bytes(tmp_path):
    for variant in ("a", "b"):
        RunRowsDataset(filepath=str(tmp_path / "c" / f"{variant}.csv")).save(scores(right=1 / 3))
    whole = (tmp_path / "c.csv").read_bytes()
    RunRowsDataset(filepath=str(tmp_path / "c" / "b.csv")).save(scores(right=1 / 3))
    assert (tmp_path / "c.csv").read_bytes() == whole


def test_raters_with_the_same_number_stay_two(tmp_path):
    columns = ["rater", "system", "question", "item", "rating"]
    rows = [(rater, "sd3", "diversity", 0, 3) for rater in ("1", "01", "NA")]
    dataset = RunResultsDataset(filepath=str(tmp_path / "r.csv"), columns=columns)
    dataset.save(pd.DataFrame(rows, columns=columns))
    assert dataset.load()["rater"].tolist() == ["1", "01", "NA"]
