"""``spatial-dual runs`` on manifests of known content, and the lock between runs."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spatial_dual.commands import main
from spatial_dual.runs.manifest import (
    FolderInUseError,
    load_manifests,
    lock_runs,
    resumed,
    save_manifest,
)


def manifest(number: int, **changes: Any) -> dict[str, Any]:
    made = {
        "id": f"2026-0{number}",
        "status": "done",
        "pid": 7,
        "seconds": 12.0,
        "command": ["kedro", "run", "--pipelines=train"],
        "git": {"commit": "abc", "dirty": False},
        "parameters": {"dual": {"fit": {"steps": 680}}},
        "versions": {"torch": "2.13.0"},
        "machine": {"cpus": 2},
        "outputs": {"dual": "a" * 64},
    }
    return {**made, **changes}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    save_manifest(tmp_path / "runs", manifest(1))
    shorter = {"dual": {"fit": {"steps": 20}}}
    save_manifest(tmp_path / "runs", manifest(2, parameters=shorter, outputs={"dual": "b" * 64}))
    return tmp_path


def test_list_and_show(data: Path, capsys: Any) -> None:
    main(["runs", "list", "--data", str(data)])
    first, *_ = capsys.readouterr().out.splitlines()
    assert " ".join(first.split()) == "2026-01 done 12 s abc kedro run --pipelines=train"
    main(["runs", "show", "2026-02", "--data", str(data)])
    assert json.loads(capsys.readouterr().out)["parameters"]["dual"]["fit"]["steps"] == 20


def test_diff_names_what_changed(data: Path, capsys: Any) -> None:
    main(["runs", "diff", "last-1", "last", "--data", str(data)])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["outputs dual changed", "parameters dual.fit.steps: 680 → 20"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "2027"], "'2027' names 0 runs"),
        (["show", "2026"], "'2026' names 2 runs"),
        (["show", "last-x"], "'last-x' names 0 runs"),
        (["show"], "show takes the beginning of an id"),
        (["list", "last"], "list takes no id"),
        (["diff", "last"], "diff takes two runs"),
        (["reproduce", "last"], "first: git checkout abc"),
    ],
)
def test_refusals(data: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        main(["runs", *arguments, "--data", str(data)])


@pytest.mark.parametrize(("made", "equal"), [("a", True), ("b", False)])
def test_reproducing_compares_the_outputs_that_the_first_run_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, made: str, equal: bool
) -> None:
    """The second run makes one more, which the first had found up to date."""
    outputs = {"dual": made * 64, "scenes_train": "c" * 64}

    def answer(command: list[str], **_: Any) -> SimpleNamespace:
        if "kedro" in command:
            save_manifest(tmp_path / "runs", manifest(2, outputs=outputs))
        return SimpleNamespace(stdout="abc\n", returncode=0)

    save_manifest(tmp_path / "runs", manifest(1))
    monkeypatch.setattr("spatial_dual.commands.runs.subprocess.run", answer)
    arguments = ["runs", "reproduce", "last", "--data", str(tmp_path)]
    if equal:
        main(arguments)
        assert "1 outputs, all equal to those of 2026-01" in capsys.readouterr().out
    else:
        with pytest.raises(SystemExit, match="outputs differ"):
            main(arguments)
        assert "outputs dual changed" in capsys.readouterr().out


def test_uncommitted_changes_cannot_be_reproduced(tmp_path: Path) -> None:
    save_manifest(tmp_path / "runs", manifest(1, git={"commit": "abc", "dirty": True}))
    with pytest.raises(SystemExit, match="uncommitted changes"):
        main(["runs", "reproduce", "last", "--data", str(tmp_path)])


@pytest.mark.parametrize("content", ["", "[]", '{"id": "2026-03"}'])
def test_a_damaged_manifest_is_named(data: Path, content: str) -> None:
    (data / "runs" / "2026-03.json").write_text(content)
    with pytest.raises(SystemExit, match=r"2026-03\.json: not the manifest of a run"):
        main(["runs", "list", "--data", str(data)])


def test_no_runs_yet(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no runs yet"):
        main(["runs", "list", "--data", str(tmp_path)])


def test_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from spatial_dual.runs.manifest import lock_runs\n"
        "lock = lock_runs(Path(sys.argv[1]))\n"
        "print('held', flush=True); time.sleep(60)"
    )
    folder = tmp_path / "data" / "runs"
    save_manifest(folder, manifest(1, status="running"))
    first = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    assert load_manifests(folder)["2026-01"]["status"] == "running"
    named = r"is being written by run 2026-01 \(process 7: kedro run --pipelines=train\)"
    with pytest.raises(FolderInUseError, match=named):
        lock_runs(folder)
    first.kill()
    first.wait()
    first.stdout.close()
    assert load_manifests(folder)["2026-01"]["status"] == "killed"
    lock_runs(folder).release()


def test_a_run_goes_on_with_what_was_typed() -> None:
    once = "kedro run --pipelines=train '--params=photos.path=my photos' --only-missing-outputs"
    assert resumed(["kedro", "run", "--pipelines=train", "--params=photos.path=my photos"]) == once
    assert resumed(shlex.split(once)) == once
