"""Checkpoints whose tensors are another's: named, before PyTorch's kernels trust their shapes."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import Batch, fit
from tests.faults.child import outcomes

MOMENT = "optimizer.0.weight.exp_avg"
MOMENTUM = "optimizer.2.weight.momentum_buffer"


class Points:
    def __len__(self) -> int:
        return 16

    def load(self, indices: object, generator: torch.Generator) -> Batch:
        return {"x": torch.randn(len(indices), 4, generator=generator)}  # type: ignore[arg-type]


def squared(model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
    return {"loss": model(batch["x"]).square().mean()}


def train(folder: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    config = FitConfig(
        steps=6,
        batch_size=4,
        learning_rate=0.01,
        device="cpu",
        matrix_learning_rate=0.01,
        matrix_modules=("2",),
    )
    fit("points", model, squared, Points(), config, CheckpointStore(folder))


def changed(name: str, make: Callable[[Tensor], Tensor | None]) -> Callable[[dict], dict]:
    def change(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        made = make(tensors.get(name, torch.zeros(1)))
        rest = {key: value for key, value in tensors.items() if key != name}
        return rest if made is None else rest | {name: made}

    return change


CHANGES = {
    "smaller": changed(MOMENT, lambda t: t[:1, :1]),
    "larger": changed(MOMENT, lambda t: torch.zeros(1000, 1000)),
    "empty": changed(MOMENT, lambda t: torch.zeros(0)),
    "another type": changed(MOMENT, lambda t: t.half()),
    "integers": changed(MOMENT, lambda t: t.long()),
    "missing": changed(MOMENT, lambda t: None),
    "unknown": changed("optimizer.0.weight.max_exp_avg_sq", lambda t: torch.zeros(8, 4)),
    "of no parameter": changed("optimizer.9.weight.exp_avg", lambda t: t),
    "count": changed("optimizer.0.weight.step", lambda t: torch.zeros(3)),
    "momentum": changed(MOMENTUM, lambda t: t[:, :3]),
    "average": changed("average.0.weight", lambda t: torch.zeros(())),
    "average missing": changed("average.0.weight", lambda t: None),
    "weights": changed("model.0.weight", lambda t: t[:2]),
    "weights missing": changed("model.0.weight", lambda t: None),
    "weights unknown": changed("model.7.weight", lambda t: t),
}


def resume(given: tuple[Path, str]) -> str:
    folder, change = given
    train(folder)
    half_done(CheckpointStore(folder), CHANGES[change])
    try:
        train(folder)
    except ValueError as error:
        return str(error)
    return "trained on"


def half_done(store: CheckpointStore, change: Callable[[dict], dict]) -> None:
    """Write what a stranger would: three steps to go, other tensors, all else agreeing."""
    with safe_open(store.path, "pt") as stored:
        header = json.loads(stored.metadata()["progress"])
    progress = store.load(header["fingerprint"])
    assert progress is not None
    progress.step = 3
    progress.tensors = change(progress.tensors)
    store.save(progress)


def test_other_tensors_are_named_as_damage(tmp_path: Path) -> None:
    said = outcomes(resume, [(tmp_path / change, change) for change in CHANGES])
    missed = {change: each for change, each in zip(CHANGES, said, strict=True) if not named(each)}
    assert missed == {}


def named(said: str) -> bool:
    return "checkpoint.safetensors: damaged checkpoint" in said


def test_untouched_tensors_train_on(tmp_path: Path) -> None:
    train(tmp_path)
    half_done(CheckpointStore(tmp_path), lambda tensors: tensors)
    train(tmp_path)
