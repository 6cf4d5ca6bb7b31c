"""Workers that are killed or hang, and workers whose parent is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spatial_dual import child_processes
from spatial_dual.chunks import Chunk
from spatial_dual.render.source import LostWorkerError as LostRenderer
from spatial_dual.render.source import SceneSource
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig
from spatial_dual.training.distributed import LostWorkerError
from spatial_dual.training.fit import Batch, fit
from tests.faults.profile import LONG

ROOT = Path(__file__).parents[2]


def strike(at: range, number: int) -> Chunk:
    """A chunk of scenes whose process gets a signal."""
    if at.start == 4:
        os.kill(os.getpid(), number)
    return {"id": [str(n) for n in at]}


class StruckScenes(SceneSource):
    """Scenes of a process that gets a signal at the third chunk."""

    def struck(self, number: int) -> list[Chunk]:
        ranges = [range(n, n + 2) for n in range(0, 12, 2)]
        make = Strike(number)
        return list(self._in_parallel(make, ranges))


class Strike:
    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, rows: range) -> Chunk:
        return strike(rows, self._number)


def test_a_killed_renderer_is_one_sentence() -> None:
    source = StruckScenes({"train": 12}, workers=2)
    with pytest.raises(
        LostRenderer, match="was killed, perhaps for lack of memory; what is finish"
    ):
        source.struck(signal.SIGKILL)


def test_a_hung_renderer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_processes, "HANG_SECONDS", 15.0)
    source = StruckScenes({"train": 12}, workers=2)
    with pytest.raises(LostRenderer, match="has given nothing for 15 s; what is finished is kept"):
        source.struck(signal.SIGSTOP)


class Points:
    def __len__(self) -> int:
        return 40

    def load(self, indices: np.ndarray, generator: torch.Generator) -> Batch:
        return {"x": torch.from_numpy(indices).float()[:, None]}


class Struck:
    """A loss whose second process gets a signal in one step, once."""

    def __init__(self, number: int, mark: Path) -> None:
        self._number, self._mark, self._step = number, mark, 0

    def __call__(
        self, model: nn.Module, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        self._step += 1
        if self._step == 7 and os.environ.get("RANK") == "1" and not self._mark.exists():
            self._mark.touch()
            os.kill(os.getpid(), self._number)
        return {"loss": (model(batch["x"]) ** 2).mean()}


def trained(folder: Path, loss: Struck) -> tuple[list, Tensor]:
    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    config = FitConfig(
        12, 4, 0.01, device="cpu", precision="float32", checkpoint_every=3, processes=2
    )
    log = fit("points", model, loss, Points(), config, CheckpointStore(folder))
    return log.rows, model.weight.detach()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lost_training_process_is_one_sentence_and_its_training_goes_on(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    if number == signal.SIGSTOP:
        if not LONG:
            pytest.skip("a process that hangs is given half a minute: in the long profile")
        monkeypatch.setattr(child_processes, "HANG_SECONDS", 20.0)
    (tmp_path / "none").touch()
    straight = trained(tmp_path / "straight", Struck(number, tmp_path / "none"))
    with pytest.raises(LostWorkerError, match=r"training process .*2 of 2.* was killed.*run again"):
        trained(tmp_path / "lost", Struck(number, tmp_path / "mark"))
    assert (tmp_path / "lost" / "checkpoint.safetensors").exists()
    resumed = trained(tmp_path / "lost", Struck(number, tmp_path / "mark"))
    assert resumed[0] == straight[0]
    assert torch.equal(resumed[1], straight[1])


def test_no_worker_outlives_a_killed_parent() -> None:
    """Renderers that wait for work, and one that works."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from spatial_dual.render.source import SceneSource\n"
        "if __name__ == '__main__':\n"
        "    source = SceneSource({'train': 40}, image_size=16, workers=2)\n"
        "    chunks = iter(source._in_parallel(str, [range(n, n + 1) for n in range(40)]))\n"
        "    next(chunks)\n"
        "    print('begun', flush=True)\n"
        "    import time; time.sleep(600)\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script, str(ROOT)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    for line in run.stdout:
        if line == "begun\n":
            break
    assert len(of_session(run.pid)) > 2
    run.kill()
    run.wait()
    deadline = time.monotonic() + 60
    while of_session(run.pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert of_session(run.pid) == []


def of_session(session: int) -> list[str]:
    """Command lines of the processes of a session that run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((stat.parent / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found
