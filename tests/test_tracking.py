"""What reaches MLflow, in a store of files."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from spatial_dual.tracking import EXPERIMENT, MlflowTracking

READ = {"params:seed": 0, "params:dual": {"fit": {"steps": 2}}, "params:dual.fit": {"steps": 2}}
CATALOG = DataCatalog({name: MemoryDataset(value) for name, value in READ.items()})
PIPELINE = Pipeline([node(lambda *_: 0, [*READ, "scenes"], "dual", name="train_dual")])
LOG = {"name": "dual", "rows": [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0, "image": 1.5}]}


def track(error: bool = False) -> None:
    hooks = MlflowTracking()
    hooks.before_pipeline_run(run_params={"run_id": "2026"}, pipeline=PIPELINE, catalog=CATALOG)
    hooks.after_dataset_saved(dataset_name="dual_log", data=LOG)
    hooks.after_dataset_saved(dataset_name="sd3.seed_0.dual_log", data=LOG)
    figures = {"draw": {"object": 0.5, "relation": "no relation is stated", "count": 7}}
    hooks.after_dataset_saved(dataset_name="metrics", data=figures)
    hooks.after_dataset_saved(dataset_name="dual", data=object())
    hooks.on_pipeline_error() if error else hooks.after_pipeline_run()


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    mlflow = pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    return mlflow.MlflowClient()


@pytest.mark.parametrize(("error", "status"), [(False, "FINISHED"), (True, "FAILED")])
def test_parameters_curves_and_metrics_arrive(client: Any, error: bool, status: str) -> None:
    track(error)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status) == ("2026", status)
    assert run.data.params == {"seed": "0", "dual.fit.steps": "2"}
    curve = client.get_metric_history(run.info.run_id, "dual.loss")
    assert [(point.step, point.value) for point in curve] == [(1, 3.0), (2, 2.0)]
    assert run.data.metrics == {
        "dual.loss": 2.0,
        "dual.image": 1.5,
        "sd3.seed_0.dual.loss": 2.0,
        "sd3.seed_0.dual.image": 1.5,
        "draw.object": 0.5,
        "draw.count": 7.0,
    }


def test_a_second_run_joins_the_experiment(client: Any) -> None:
    track()
    track()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert len(client.search_runs([experiment.experiment_id])) == 2


def test_without_the_variable_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    track()
    assert not list(tmp_path.iterdir())


def test_without_mlflow_the_run_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:mlruns")
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    with pytest.raises(RuntimeError, match=r"spatial-dual\[mlflow\]"):
        track()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense://there", "file:/dev/null/x"])
def test_a_server_that_fails_costs_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: Any, address: str
) -> None:
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    track()
    assert "MLflow: this run will not be in MLflow: " in caplog.text


def test_a_server_that_fails_midway_is_asked_once_more_at_the_end(client: Any, caplog: Any) -> None:
    asked = []

    def fail(*_: Any, **__: Any) -> None:
        asked.append(1)
        raise ConnectionError("gone")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("log_batch", "set_terminated"):
            patch.setattr(f"mlflow.MlflowClient.{name}", fail)
        track()
    assert len(asked) == 2
    assert "parameters, and all that follows, are not sent: gone" in caplog.text
    assert "the run is left open: gone" in caplog.text


def test_a_run_that_is_told_to_stop_is_killed(client: Any) -> None:
    begin = (
        "from tests.test_tracking import CATALOG, PIPELINE, MlflowTracking as Hooks; "
        "Hooks().before_pipeline_run({'run_id': '2026'}, PIPELINE, CATALOG); raise SystemExit(1)"
    )
    subprocess.run([sys.executable, "-c", begin], check=False)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "KILLED"
