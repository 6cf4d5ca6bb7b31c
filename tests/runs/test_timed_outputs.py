"""What is made from the seconds of a run is no part of what a reproduction must give again."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset

from spatial_dual.runs import hooks as run_hooks
from spatial_dual.runs.manifest import load_manifests


def _table(figures: float, costs: float) -> float:
    return figures + costs


def _copy(value: float) -> float:
    return value


def test_outputs_made_from_costs_are_not_in_the_manifest_and_may_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = Pipeline(
        [
            node(_copy, "start", "figures", name="figures"),
            node(_table, ["figures", "stage_costs"], "unkept", name="table"),
            node(_copy, "unkept", "page", name="page"),
        ]
    )
    monkeypatch.setattr(run_hooks, "pipelines", {"__default__": pipeline})
    catalog = DataCatalog(
        {"start": MemoryDataset(1.0), "stage_costs": MemoryDataset(2.5)}
        | {"parameters": MemoryDataset({})}
        | {name: JSONDataset(filepath=str(tmp_path / name)) for name in ("figures", "page")}
    )
    records = run_hooks.RunRecords()
    context: Any = SimpleNamespace(
        config_loader={"globals": {"data": "."}}, project_path=str(tmp_path)
    )
    records.after_context_created(context)
    manager = _create_hook_manager()
    manager.register(records)
    params = {"project_path": str(tmp_path), "only_missing_outputs": False}
    for run, costs in (("run 1", 1.5), ("run 2", 2.5)):
        catalog["stage_costs"] = MemoryDataset(costs)
        records.before_pipeline_run({**params, "run_id": run}, pipeline, catalog)
        SequentialRunner().run(pipeline, catalog, manager)
        records.after_pipeline_run()

    assert catalog.load("page") == 3.5
    assert "of the same recipe" not in caplog.text
    assert list(load_manifests(tmp_path / "runs")["run 2"]["outputs"]) == ["figures"]
    assert {path.stem for path in (tmp_path / "runs" / "outputs").iterdir()} == {"figures", "page"}
