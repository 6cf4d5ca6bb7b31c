"""Rows of runs: the table is always all finished runs, whatever was killed when."""

from pathlib import Path

import pandas as pd
import pytest

from spatial_dual.datasets import run_rows
from spatial_dual.datasets.run_rows import RunRowsDataset


def rows(variant: str, value: float) -> pd.DataFrame:
    return pd.DataFrame({"variant": [variant], "value": [value]})


def save(folder: Path, variant: str, value: float) -> None:
    RunRowsDataset(filepath=str(folder / f"{variant}.seed_0.csv")).save(rows(variant, value))


def test_the_table_grows_by_run_and_a_rerun_replaces_its_rows(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    save(folder, "b", 1.0)
    save(folder, "a", 2.0)
    save(folder, "b", 3.0)
    table = pd.read_csv(tmp_path / "results.csv")
    assert table.to_dict("list") == {"variant": ["a", "b"], "value": [2.0, 3.0]}
    own = RunRowsDataset(filepath=str(folder / "b.seed_0.csv"))
    assert own.exists()
    assert own.load().equals(rows("b", 3.0))
    assert not RunRowsDataset(filepath=str(folder / "c.seed_0.csv")).exists()


def test_a_kill_between_the_writes_is_mended_by_the_next_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "results"
    save(folder, "a", 1.0)
    write = run_rows.write_file

    def killed(path: Path, content: bytes) -> None:
        if path == tmp_path / "results.csv":
            raise KeyboardInterrupt
        write(path, content)

    monkeypatch.setattr(run_rows, "write_file", killed)
    with pytest.raises(KeyboardInterrupt):
        save(folder, "b", 2.0)
    assert pd.read_csv(tmp_path / "results.csv")["variant"].tolist() == ["a"]
    monkeypatch.undo()
    save(folder, "c", 3.0)
    assert pd.read_csv(tmp_path / "results.csv")["variant"].tolist() == ["a", "b", "c"]
