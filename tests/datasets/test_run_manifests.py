import json

import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.run_manifests import RunManifestsDataset


def test_manifests_come_in_order_and_none_is_no_error(tmp_path):
    dataset = RunManifestsDataset(folder=str(tmp_path / "runs"))
    assert dataset.load() == []
    (tmp_path / "runs").mkdir()
    for name in ("b", "a"):
        (tmp_path / f"runs/{name}.json").write_text(json.dumps({"id": name}))
    assert [run["id"] for run in dataset.load()] == ["a", "b"]


def test_new_manifests_make_nothing_stale(tmp_path):
    """The recipe of what reads them holds their settings and the state of files at their path."""
    assert str(tmp_path) not in str(RunManifestsDataset(folder=str(tmp_path))._describe())


def test_nothing_is_saved(tmp_path):
    with pytest.raises(DatasetError, match="read only"):
        RunManifestsDataset(folder=str(tmp_path)).save({})
