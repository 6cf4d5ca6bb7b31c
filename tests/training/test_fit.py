"""The training loop: it learns, it is reproducible, and it resumes to the same bytes."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spatial_dual.seeding import seeded_torch
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig, batch_indices
from spatial_dual.training.fit import Batch, TrainingDivergedError, TrainingLog, fit


class Line:
    """y = 3x - 1 with noise drawn from the batch generator."""

    def __len__(self) -> int:
        return 50

    def load(self, indices: np.ndarray, generator: torch.Generator) -> Batch:
        x = torch.from_numpy(indices).float()[:, None] / 50
        noise = torch.randn(x.shape, generator=generator)
        return {"x": x, "y": 3 * x - 1 + 0.01 * noise}


def squared_error(model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
    return {"loss": ((model(batch["x"]) - batch["y"]) ** 2).mean()}


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
    tmp_path: Path, killed_at: int
) -> None:
    """The first process dies by ``os._exit`` inside a step; a second one finishes."""
    straight = make_model()
    straight_log = fit("line", straight, squared_error, Line(), make_config())
    script = (
        "import sys, os; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "import tests.training.test_fit as t\n"
        "calls = []\n"
        "def dying(model, batch, generator):\n"
        "    calls.append(0)\n"
        "    if len(calls) > int(sys.argv[3]): os._exit(9)\n"
        "    return t.squared_error(model, batch, generator)\n"
        "t.fit('line', t.make_model(), dying, t.Line(), t.make_config(),"
        " t.CheckpointStore(Path(sys.argv[2])))\n"
    )
    root = str(Path(__file__).parents[2])
    arguments = [sys.executable, "-c", script, root, str(tmp_path), str(killed_at)]
    assert subprocess.run(arguments, check=False, capture_output=True).returncode == 9
    resumed = make_model()
    log = fit("line", resumed, squared_error, Line(), make_config(), CheckpointStore(tmp_path))
    assert torch.equal(weights(straight), weights(resumed))
    assert log.rows == straight_log.rows


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_finishes_the_step_and_the_next_fit_goes_on_from_there(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Twice in a row, inside loss intervals and between checkpoints."""
    config = make_config(steps=250)
    straight = make_model()
    straight_log = fit("line", straight, squared_error, Line(), config)

    def fit_until(step: int | None) -> tuple[nn.Module, TrainingLog | None]:
        def stopped(
            model: nn.Module, batch: Batch, generator: torch.Generator
        ) -> dict[str, Tensor]:
            steps.append(0)
            if len(steps) == step:
                signal.raise_signal(number)
            return squared_error(model, batch, generator)

        steps: list[int] = []
        model = make_model()
        if step is None:
            return model, fit("line", model, stopped, Line(), config, CheckpointStore(tmp_path))
        with pytest.raises(KeyboardInterrupt, match="line: stopped after step"):
            fit("line", model, stopped, Line(), config, CheckpointStore(tmp_path))
        return model, None

    handler = signal.getsignal(number)
    fit_until(3)
    fit_until(10)
    resumed, log = fit_until(None)
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

    monkeypatch.setattr("spatial_dual.training.checkpoint.save_file", full_disk)
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
