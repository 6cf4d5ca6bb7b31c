"""The start of a run where disk or clock are not as they should be: one sentence, nothing lost."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from spatial_dual.runs.manifest import load_manifests, lock_runs, number_run, save_manifest, usable
from tests.faults.syscalls import run_with_fault, skip_without_tracing
from tests.runs import project
from tests.runs.test_kill import in_a_process, never, outputs

STARTED = "2026-01-01T00:00:00+00:00"


def manifest(name: str, started: str = STARTED) -> dict[str, Any]:
    return {"id": name, "status": "running", "started": started, "command": ["kedro"], "git": {}}


def start(data: Path, found: dict[str, Any]) -> None:
    with usable(data):
        lock = lock_runs(data / "runs")
        number_run(data / "runs", found)
        save_manifest(data / "runs", found)
        lock.release()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("full disk", "less than 1 MiB is free there; make room, or give the run another folder"),
        ("read-only", "cannot be written to (Read-only file system); make it writable"),
        ("refused", "cannot be written to (Operation not permitted); make it writable"),
    ],
)
def test_one_sentence_and_the_runs_of_before(tmp_path: Path, fault: str, said: str) -> None:
    skip_without_tracing()
    start(tmp_path, manifest("before"))
    for at in range(100):
        outcome = run_with_fault(lambda: start(tmp_path, manifest("now")), fault, at, tmp_path)
        if not outcome.met:
            break
        assert outcome.code in (0, 3), outcome
        assert outcome.code == 0 or outcome.message.startswith("UnusableFolderError: "), outcome
        assert outcome.code == 0 or said in outcome.message, outcome
        assert load_manifests(tmp_path / "runs")["before"]["status"] == "killed"
        assert not list((tmp_path / "runs").glob("*.unfinished"))
    assert 8 < at < 99
    assert list(load_manifests(tmp_path / "runs")) == ["before", "now"]


def test_a_clock_set_back_keeps_the_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    start(tmp_path, manifest("2026-06", "2026-06-01T00:00:00+00:00"))
    assert not caplog.text
    start(tmp_path, manifest("2026-01"))
    assert "The clock was set back: the last run began at 2026-06-01" in caplog.text
    assert list(load_manifests(tmp_path / "runs")) == ["2026-06", "2026-01"]
    lock = lock_runs(tmp_path / "runs")
    assert load_manifests(tmp_path / "runs")["2026-01"]["status"] == "running"
    lock.release()


def test_a_lost_counter_is_found_again(tmp_path: Path) -> None:
    for name in ("2026-06", "2026-01"):
        start(tmp_path, manifest(name))
    (tmp_path / "runs" / "last").write_text("{")
    start(tmp_path, manifest("2026-02"))
    assert list(load_manifests(tmp_path / "runs")) == ["2026-06", "2026-01", "2026-02"]


def test_the_newest_version_is_read_whatever_the_clock_says(tmp_path: Path) -> None:
    from kedro.io import Version

    from spatial_dual.datasets.kedro_files import JSONDataset

    path = str(tmp_path / "metrics.json")
    for version, value in (("2026-06-01", 1), ("2026-01-01", 2), ("2026-01-02", 3)):
        JSONDataset(filepath=path, version=Version(None, version)).save({"value": value})
        assert JSONDataset(filepath=path, version=Version(None, None)).load() == {"value": value}


class Signal:
    """A signal in the middle of a training of a whole run."""

    def __init__(self, number: signal.Signals, event: tuple[Any, ...]) -> None:
        self._number, self._event = number, event

    def __call__(self, *event: Any) -> None:
        if event == self._event:
            signal.raise_signal(self._number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_whole_run_that_is_told_to_stop_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    """Within a training, and while its model is saved."""
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    assert in_a_process(straight, never) == 0
    for event in (("update", "dgae", 3), ("saving", "alignment")):
        assert in_a_process(stopped, Signal(number, event)) == 1
        found = json.loads((stopped / "runs" / "run.json").read_text())
        assert found["status"] == "running"  # the process of a test ends without its exit handlers
    assert in_a_process(stopped, never) == 0
    assert outputs(stopped) == outputs(straight)
    assert project.UPDATES > 3
