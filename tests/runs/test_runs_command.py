"""``spatial-dual runs`` on manifests of known content, and the lock between runs."""

import io
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
from spatial_dual.runs.reproduction import rebuilt_command


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
    arguments = ["runs", "reproduce", "last", "--data", str(tmp_path), "--yes"]
    if equal:
        main(arguments)
        assert "1 outputs, all equal to those of 2026-01" in capsys.readouterr().out
    else:
        with pytest.raises(SystemExit, match="outputs differ"):
            main(arguments)
        assert "outputs dual changed" in capsys.readouterr().out


LEADING_OUT = [
    (["/bin/sh", "-c", "touch run"], "was not started by `kedro run`"),
    (["kedro", "ipython"], "was not started by `kedro run`"),
    (["kedro", "run", "--conf-source=/tmp/theirs"], "No such option.*--conf-source"),
    (["kedro", "run", "--conf-source", "theirs.zip"], "No such option.*--conf-source"),
    (["kedro", "run", "--config=theirs.yml"], "No such option.*--config"),
    (["kedro", "run", "--runner=os.system"], "--runner=os.system; known: ParallelRunner"),
    (["kedro", "run", "-r", "theirs.Runner"], "--runner=theirs.Runner"),
    (["kedro", "run", "--env=../../theirs"], "--env=../../theirs; known: .*base"),
    (["kedro", "run", "-e", "/tmp/theirs"], "--env=/tmp/theirs"),
    (["kedro", "run", "--params=a=${oc.env:HOME}"], "interpolation"),
    (["kedro", "run", "theirs"], "unexpected extra argument"),
]


@pytest.mark.parametrize(("command", "message"), LEADING_OUT)
def test_a_stranger_s_command_is_not_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    project_path: Path,
    command: list[str],
    message: str,
) -> None:
    """Though it names the very commit that is checked out, and the user confirms all."""
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=project_path, capture_output=True, text=True, check=False
    )
    stated = {"commit": asked.stdout.strip(), "dirty": False}
    save_manifest(tmp_path / "runs", manifest(1, command=command, git=stated))
    monkeypatch.chdir(project_path)
    started = []
    real = subprocess.run

    def watched(command: list[str], **options: Any) -> Any:
        if command[0] != "git":
            started.append(command)
            return SimpleNamespace(returncode=1)
        return real(command, **options)

    monkeypatch.setattr("spatial_dual.commands.runs.subprocess.run", watched)
    with pytest.raises(SystemExit, match=message):
        main(["runs", "reproduce", "last", "--data", str(tmp_path), "--yes"])
    assert started == []


def test_known_options_are_rebuilt(project_path: Path) -> None:
    typed = ["-e", "smoke", "--params", "seed=3,train.max_steps=20", "-t", "a", "-t", "b"]
    command = ["kedro", "run", "--only-missing-outputs", *typed, "--async"]
    assert rebuilt_command(command, project_path / "conf") == [
        *("kedro", "run", "--env=smoke", "--params=seed=3,train.max_steps=20"),
        *("--tags=a", "--tags=b", "--async"),
    ]


def test_a_command_is_shown_and_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Without a terminal to ask on, and without --yes, nothing is run."""

    def answer(command: list[str], **_: Any) -> SimpleNamespace:
        assert "kedro" not in command
        return SimpleNamespace(stdout="abc\n", returncode=0)

    save_manifest(tmp_path / "runs", manifest(1))
    monkeypatch.setattr("spatial_dual.commands.runs.subprocess.run", answer)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(SystemExit, match="add --yes to run this command"):
        main(["runs", "reproduce", "last", "--data", str(tmp_path)])
    assert capsys.readouterr().err == "kedro run --pipelines=train\n"


@pytest.mark.parametrize("outputs", [{}, None])
def test_no_outputs_are_not_all_equal(tmp_path: Path, outputs: dict[str, str] | None) -> None:
    made = manifest(1, outputs=outputs)
    if outputs is None:
        del made["outputs"]
    save_manifest(tmp_path / "runs", made)
    with pytest.raises(SystemExit, match="names no outputs"):
        main(["runs", "reproduce", "last", "--data", str(tmp_path), "--yes"])


def test_a_run_that_leaves_no_manifest_is_not_compared_with_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(command: list[str], **_: Any) -> SimpleNamespace:
        return SimpleNamespace(stdout="abc\n", returncode=0)

    save_manifest(tmp_path / "runs", manifest(9))
    monkeypatch.setattr("spatial_dual.commands.runs.subprocess.run", answer)
    with pytest.raises(SystemExit, match="0 new runs"):
        main(["runs", "reproduce", "last", "--data", str(tmp_path), "--yes"])


def test_uncommitted_changes_cannot_be_reproduced(tmp_path: Path) -> None:
    save_manifest(tmp_path / "runs", manifest(1, git={"commit": "abc", "dirty": True}))
    with pytest.raises(SystemExit, match="uncommitted changes"):
        main(["runs", "reproduce", "last", "--data", str(tmp_path)])


WRONG = {"id": 3, "status": "done", "command": ["kedro"], "git": {}}


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", '{"id": "2026-03"}', "[" * 100_000, json.dumps(WRONG)),
        *(
            json.dumps(WRONG | {"id": "3", **wrong})
            for wrong in (
                {"command": "kedro run"},
                {"git": "abc"},
                {"seconds": float("nan")},
                {"outputs": ["dual"]},
            )
        ),
    ],
)
def test_a_damaged_manifest_is_named(data: Path, content: str) -> None:
    (data / "runs" / "2026-03.json").write_text(content)
    with pytest.raises(SystemExit, match=r"2026-03\.json: not "):
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
