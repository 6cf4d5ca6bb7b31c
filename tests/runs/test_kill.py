"""Processes that die anywhere leave what the next one can go on from, to the same bytes."""

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from spatial_dual.datasets import folders
from tests.runs.project import TRAININGS, UPDATES, UPDATES_AN_EPOCH, run

FORK = get_context("forkserver")  # a process of its own each, without importing torch again
FORK.set_forkserver_preload(["tests.runs.project", "torch._dynamo"])
KILLS: tuple[tuple[Any, ...], ...] = (
    ("update", "dgae", 2),  # within an epoch
    ("update", "dgae", UPDATES_AN_EPOCH + 1),  # at its end
    ("update", "dgae", 1),  # twice in a row
    ("trained", "train_dgae"),
    ("saving", "dgae"),
    ("saved", "dgae"),  # the model is there, its ledger entry and log are not
    ("saved", "dgae_log"),
    ("beginning", "train_alignment"),  # boundaries of the steps
    ("update", "alignment", UPDATES),
    ("saving", "alignment_log"),
    ("beginning", "train_graph_diffusion"),
    ("update", "graph_diffusion", 2 * UPDATES_AN_EPOCH),
    ("beginning", "train_dual"),
    ("update", "dual", 5),
    ("saved", "dual_log"),
)


@dataclass(frozen=True)
class Die:
    """Ends the process at a point; the codes of others tell where it should not have been."""

    at: tuple[Any, ...] | None = None
    anywhere_but: str | None = None

    def __call__(self, *event: Any) -> None:
        if event == self.at:
            os._exit(9)
        begins = self.anywhere_but is not None and event[0] == "beginning"
        if begins and event[1] != self.anywhere_but:
            os._exit(8)


@dataclass
class FullDisk:
    """Flushing fails from the second model on, as it does on a full disk."""

    def __call__(self, *event: Any) -> None:
        if event == ("beginning", "train_graph_diffusion"):
            folders.flush = self.flush

    def flush(self, path: Path) -> None:
        if path.parent.name == "runs" and not (path.parent / "reserve").exists():
            return  # what the run has freed takes its manifest
        raise OSError(errno.ENOSPC, "No space left on device", str(path))


def never(*event: Any) -> None:
    """Nothing happens."""


def outputs(folder: Path) -> dict[str, bytes]:
    kept = [path for name in TRAININGS for path in (folder / name).iterdir()]
    logs = [folder / f"{name}.json" for name in TRAININGS]
    return {str(path.relative_to(folder)): path.read_bytes() for path in [*kept, *logs]}


def in_a_process(folder: Path, at: Callable[..., None]) -> int | None:
    process = FORK.Process(target=run, args=(folder, at))
    process.start()
    process.join()
    return process.exitcode


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("uninterrupted")
    assert in_a_process(folder, never) == 0
    return outputs(folder)


def test_killed_again_and_again(tmp_path: Path, uninterrupted: dict[str, bytes]) -> None:
    for point in KILLS:
        assert in_a_process(tmp_path, Die(point)) in (0, 9), point
    assert in_a_process(tmp_path, never) == 0
    assert outputs(tmp_path) == uninterrupted
    assert not list((tmp_path / "progress").rglob("*.safetensors"))


def test_nothing_is_done_twice(tmp_path: Path, uninterrupted: dict[str, bytes]) -> None:
    assert in_a_process(tmp_path, Die(("beginning", "train_dual"))) == 9
    assert in_a_process(tmp_path, Die(anywhere_but="train_dual")) == 0
    assert in_a_process(tmp_path, Die(anywhere_but="nothing")) == 0


def test_full_disk_then_enough(tmp_path: Path, uninterrupted: dict[str, bytes]) -> None:
    assert in_a_process(tmp_path, FullDisk()) == 1
    assert not list(tmp_path.glob("*.unfinished"))
    entries = {path.stem for path in (tmp_path / "runs" / "outputs").iterdir()}
    assert entries == {"dgae", "dgae_log", "alignment", "alignment_log"}
    assert in_a_process(tmp_path, never) == 0
    assert outputs(tmp_path) == uninterrupted
    assert json.loads((tmp_path / "runs" / "run.json").read_text())["status"] == "done"
