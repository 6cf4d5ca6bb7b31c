"""What counts as stale, on a pipeline of three nodes run by Kedro's runner with the hooks."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset

from spatial_dual.datasets.paper_files import PaperTableDataset
from spatial_dual.runs import hooks as run_hooks
from spatial_dual.runs.fingerprints import Fingerprints, StaleAwareCatalog, _raw_state

Run = Callable[..., list[str]]


def double(value: int, factor: int) -> int:
    return value * factor


def square(value: int) -> int:
    return value * value


def text(value: int) -> str:
    return str(value)


PIPELINE = Pipeline(
    [
        node(double, ["raw", "params:factor"], "doubled", name="double"),
        node(square, "doubled", "squared", name="square"),
        node(text, "squared", "shown", name="show"),
        node(square, "raw", "alone", name="alone"),
    ]
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs what is missing or stale with a parameter; gives the names of the nodes that ran."""
    monkeypatch.setattr(run_hooks, "pipelines", {"__default__": PIPELINE})
    (tmp_path / "raw.json").write_text("2")

    def run(factor: int = 2, pipeline: Pipeline = PIPELINE, fresh_only: bool = True) -> list[str]:
        names = ("raw", "doubled", "shown", "alone")  # squared is not kept
        catalog = StaleAwareCatalog(
            {name: JSONDataset(filepath=str(tmp_path / f"{name}.json")) for name in names}
            | {"params:factor": MemoryDataset(factor), "parameters": MemoryDataset({})}
        )
        run_id = f"run-{len(list((tmp_path / 'data' / 'runs').glob('*.json')))}"
        params = {
            "run_id": run_id,
            "project_path": str(tmp_path),
            "only_missing_outputs": fresh_only,
        }
        manager = _create_hook_manager()
        record = run_hooks.RunRecords()
        manager.register(record)
        record.after_context_created(
            SimpleNamespace(config_loader={"globals": {"data": "data"}}, project_path=tmp_path)
        )
        arguments: dict[str, Any] = {"run_params": params, "pipeline": pipeline, "catalog": catalog}
        manager.hook.before_pipeline_run(**arguments)
        try:
            SequentialRunner().run(
                pipeline, catalog, manager, only_missing_outputs=fresh_only, run_id=run_id
            )
        except Exception as error:
            manager.hook.on_pipeline_error(error=error, **arguments)
            raise
        manager.hook.after_pipeline_run(run_result={}, **arguments)
        return sorted(record._making)

    return run


def test_first_run_makes_all_and_the_second_nothing(run: Run, tmp_path: Path) -> None:
    assert run() == ["alone", "double", "show", "square"]
    assert json.loads((tmp_path / "shown.json").read_text()) == "16"
    assert run() == []


def test_a_parameter_reruns_its_node_and_what_follows(run: Run, caplog: Any) -> None:
    run()
    with caplog.at_level("INFO"):
        assert run(factor=3) == ["double", "show", "square"]
    assert "doubled: parameter params:factor: 2 → 3" in caplog.messages
    assert "shown: input squared is stale" in caplog.messages  # which is not kept
    assert run(factor=3) == []


def test_changed_raw_data_reruns_all_that_read_it(run: Run, tmp_path: Path) -> None:
    run()
    (tmp_path / "raw.json").write_text("50")
    assert run() == ["alone", "double", "show", "square"]


def test_damaged_and_missing_outputs_are_made_again(run: Run, tmp_path: Path, caplog: Any) -> None:
    run()
    (tmp_path / "shown.json").write_text('"17"')
    with caplog.at_level("INFO"):
        assert run() == ["show", "square"]
    assert "shown: its file changed after the run that made it" in caplog.messages
    (tmp_path / "alone.json").unlink()
    assert run() == ["alone"]
    (tmp_path / "doubled.json").write_text("5")  # made again as it was, so the rest stays fresh
    assert run() == ["double"]
    assert run() == []


def test_all_forms_of_an_output_count(tmp_path: Path) -> None:
    catalog = StaleAwareCatalog({"table": PaperTableDataset(filepath=str(tmp_path / "table_1"))})
    ledger = Fingerprints(tmp_path / "outputs", Pipeline([]), catalog, "spatial_dual")
    (tmp_path / "table_10.csv").write_text("another")
    assert ledger.record("table", {}, "run", True) == ""
    digests = set()
    for name in ("table_1.csv", "table_1.md", "table_1.csv"):
        (tmp_path / name).write_text(f"{len(digests)}")
        digests.add(ledger.record("table", {}, "run", True))
    assert len(digests) == 3


def test_an_output_that_came_out_different_is_named(run: Run, tmp_path: Path, caplog: Any) -> None:
    run()
    entry = tmp_path / "data" / "runs" / "outputs" / "alone.json"
    entry.write_text(entry.read_text().replace('"content": "', '"content": "0'))
    assert run() == ["alone"]
    assert "alone: of the same recipe, yet not the same as before" in caplog.messages


def test_killed_between_output_and_entry_counts_as_stale(run: Run, tmp_path: Path) -> None:
    run()
    (tmp_path / "data" / "runs" / "outputs" / "alone.json").unlink()
    assert run() == ["alone"]


def test_stale_inputs_of_a_part_are_named(run: Run, caplog: Any) -> None:
    run()
    end = PIPELINE.from_nodes("square")
    assert run(factor=3, pipeline=end, fresh_only=False) == ["show", "square"]
    assert "Read as they are, though stale: doubled" in caplog.messages
    assert "doubled: parameter params:factor: 2 → 3" in caplog.messages


def test_failed_runs_say_so(run: Run, tmp_path: Path, caplog: Any) -> None:
    (tmp_path / "raw.json").write_text('"word"')
    with pytest.raises(TypeError):
        run()
    (manifest,) = (tmp_path / "data" / "runs").glob("*.json")
    stored = json.loads(manifest.read_text())
    assert stored["status"] == "failed"
    assert stored["error"].startswith("TypeError")
    assert "All that was finished is kept. Go on with: " in caplog.text


def test_what_lies_in_the_working_folder_is_no_part_of_a_dataset_without_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = _raw_state(MemoryDataset())
    (tmp_path / "new").write_text("content")
    assert _raw_state(MemoryDataset()) == before
