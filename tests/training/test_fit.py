"""The training loop: it learns, it is reproducible, and it resumes to the same bytes."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spatial_dual.seeding import seeded_torch
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig, batch_indices
from spatial_dual.training.fit import Batch, TrainingDivergedError, fit


class Line:
    """y = 3x - 1 with noise drawn from the batch generator."""

    def __len__(self) -> int:
        return 50

    def load(self, indices: np.ndarray, generator: torch.Generator) -> Batch:
        x = torch.from_numpy(indices).float()[:, None] / 50
        noise = torch.randn(x.shape, generator=generator)
        return {"x": x, "y": 3 * x - 1 + 0.01 * noise}


CALLS = itertools.count()


def squared_error(model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
    if next(CALLS) == int(os.environ.get("DIE_AT", "-1")):
        os._exit(9)
    return {"loss": ((model(batch["x"]) - batch["y"]) ** 2).mean()}


class Stopped:
    """The same loss in a process that gets a signal in its n-th step."""

    def __init__(self, step: int = 0, number: signal.Signals = signal.SIGINT) -> None:
        self._step, self._number, self._steps = step, number, 0

    def __call__(
        self, model: nn.Module, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        self._steps += 1
        if self._steps == self._step:
            signal.raise_signal(self._number)
        return squared_error(model, batch, generator)


class Broken:
    """A loss that is not finite in some steps, and a part that is not in others."""

    def __init__(self, steps: Sequence[int], part: Sequence[int] = ()) -> None:
        self._steps, self._part, self._step = steps, part, 0

    def __call__(
        self, model: nn.Module, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        found = squared_error(model, batch, generator)
        one = torch.tensor(float("inf") if self._step in self._part else 1.0)
        if self._step in self._steps:
            found = {"loss": found["loss"] * float("nan")}
        self._step += 1
        return found | {"part": one}


def make_model() -> nn.Module:
    with seeded_torch(0, "line"):
        return nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.1), nn.Linear(8, 1))


def make_config(**changes: object) -> FitConfig:
    values = {"steps": 60, "batch_size": 8, "learning_rate": 0.03, "checkpoint_every": 7}
    return FitConfig(**{**values, "precision": "float32", "device": "cpu", **changes})


def weights(model: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_fit_lowers_the_loss_and_logs_every_interval() -> None:
    model = make_model()
    log = fit("line", model, squared_error, Line(), make_config(steps=300))
    assert log.rows[-1]["step"] == 300
    assert log.rows[-1]["loss"] < 0.1 * log.rows[0]["loss"]
    assert not model.training


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    runs = []
    for seed in (1, 1, 2):
        model = make_model()
        fit("line", model, squared_error, Line(), make_config(steps=2, seed=seed))
        runs.append(weights(model))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_no_steps_leave_the_starting_weights() -> None:
    model = make_model()
    log = fit("line", model, squared_error, Line(), make_config(steps=0, max_steps=5))
    assert (log.steps, log.rows) == (0, [])
    assert torch.equal(weights(model), weights(make_model()))


def test_max_steps_caps_the_budget() -> None:
    assert fit("line", make_model(), squared_error, Line(), make_config(max_steps=5)).steps == 5


@pytest.mark.parametrize("killed_at", [1, 7, 30, 59])
def test_training_resumed_after_a_kill_equals_an_uninterrupted_one(
    tmp_path: Path, killed_at: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The first process dies by ``os._exit`` inside a step; a second one finishes."""
    caplog.set_level("INFO")
    straight = make_model()
    straight_log = fit("line", straight, squared_error, Line(), make_config())
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "import tests.training.test_fit as t\n"
        "t.fit('line', t.make_model(), t.squared_error, t.Line(), t.make_config(),"
        " t.CheckpointStore(Path(sys.argv[2])))\n"
    )
    arguments = [sys.executable, "-c", script, str(Path(__file__).parents[2]), str(tmp_path)]
    environment = {**os.environ, "DIE_AT": str(killed_at)}
    run = subprocess.run(arguments, check=False, capture_output=True, env=environment)
    assert run.returncode == 9
    resumed = make_model()
    log = fit("line", resumed, squared_error, Line(), make_config(), CheckpointStore(tmp_path))
    if killed_at >= 7:
        assert f"continues at step {killed_at // 7 * 7} of 60" in caplog.text
    assert torch.equal(weights(straight), weights(resumed))
    assert log.rows == straight_log.rows


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_finishes_the_step_and_the_next_fit_goes_on_from_there(
    tmp_path: Path, number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    """Twice in a row, inside loss intervals and between checkpoints."""
    caplog.set_level("INFO")
    config = make_config(steps=250)
    straight = make_model()
    straight_log = fit("line", straight, Stopped(), Line(), config)

    def fit_until(step: int) -> None:
        loss = Stopped(step, number)
        with pytest.raises(KeyboardInterrupt, match="line: stopped after step"):
            fit("line", make_model(), loss, Line(), config, CheckpointStore(tmp_path))

    handler = signal.getsignal(number)
    fit_until(3)
    fit_until(10)
    resumed = make_model()
    log = fit("line", resumed, Stopped(), Line(), config, CheckpointStore(tmp_path))
    assert "continues at step 13 of 250" in caplog.text
    assert torch.equal(weights(straight), weights(resumed))
    assert log == straight_log
    assert signal.getsignal(number) == handler


def test_progress_of_another_training_is_not_taken_up(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    fit("line", make_model(), squared_error, Line(), make_config(steps=7), store)
    fresh, alone = make_model(), make_model()
    fit("line", fresh, squared_error, Line(), make_config(steps=7, seed=3), store)
    fit("line", alone, squared_error, Line(), make_config(steps=7, seed=3))
    assert torch.equal(weights(fresh), weights(alone))


def test_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    fit("line", make_model(), squared_error, Line(), make_config(steps=7), store)
    store.path.write_bytes(store.path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors.*delete it"):
        fit("line", make_model(), squared_error, Line(), make_config(steps=7), store)


def test_failed_save_keeps_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CheckpointStore(tmp_path)
    fit("line", make_model(), squared_error, Line(), make_config(steps=7), store)
    before = store.path.read_bytes()

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("spatial_dual.training.checkpoint.save", full_disk)
    with pytest.raises(OSError, match="No space"):
        fit("line", make_model(), squared_error, Line(), make_config(steps=9), store)
    assert store.path.read_bytes() == before


def test_non_finite_gradients_are_skipped_then_refused() -> None:
    def broken(model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        return {"loss": model(batch["x"]).sum() * float("nan")}

    model = make_model()
    with pytest.raises(TrainingDivergedError, match="line: 20 updates"):
        fit("line", model, broken, Line(), make_config())
    assert torch.isfinite(weights(model)).all()


def test_a_step_that_is_not_finite_stays_out_of_its_interval() -> None:
    for broken in (Broken([1]), Broken((), range(3, 4))):
        log = fit("line", make_model(), broken, Line(), make_config(steps=200))
        assert all(np.isfinite(list(row.values())).all() for row in log.rows)
        assert all(row["part"] == 1 for row in log.rows)
        assert len(log.rows) == 100
    json.loads(json.dumps(log.to_dict(), allow_nan=False))


def test_an_interval_without_an_update_has_no_mean(caplog: pytest.LogCaptureFixture) -> None:
    log = fit("line", make_model(), Broken(range(2, 4)), Line(), make_config(steps=200))
    assert log.rows[1] == {"step": 4}
    assert log.skipped == 2
    assert "2 of 4 updates were not finite and were left out; lower learning_rate" in caplog.text


@pytest.mark.parametrize(("skipped", "said"), [(95, True), (6, True), (4, False)])
def test_many_left_out_updates_are_said(
    skipped: int, said: bool, caplog: pytest.LogCaptureFixture
) -> None:
    of_twenty = {95: range(1, 20), 6: range(1), 4: range(1)}[skipped]
    steps = [step for step in range(100) if step % 20 in of_twenty]
    steps = [*steps, 99][-6:] if skipped == 6 else steps[-skipped:]
    fit("line", make_model(), Broken(steps), Line(), make_config(steps=100))
    end = f"{skipped} of 100 updates were not finite and were left out"
    assert (end in caplog.text) == said


def test_batches_cover_every_example_once_per_epoch() -> None:
    seen = np.concatenate([batch_indices(10, 4, seed=0, step=s) for s in range(5)])
    assert sorted(seen[:10]) == list(range(10))
    assert sorted(seen[10:]) == list(range(10))
    assert list(seen[:10]) != list(seen[10:])
    assert list(batch_indices(3, 8, seed=0, step=1)) == list(batch_indices(3, 8, seed=0, step=1))


@pytest.mark.parametrize(
    ("field", "value"), [("steps", -1), ("precision", "half"), ("ema_decay", 1.0), ("max_steps", 0)]
)
def test_bad_settings_are_refused_with_their_value(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=str(value)):
        make_config(**{field: value})
