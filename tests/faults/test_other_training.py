"""Progress of a training is taken up by that very training alone: same code, data, parameters."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spatial_dual.seeding import seeded_torch
from spatial_dual.training.bytecode import code_digest
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import Batch, fit

CONFIG = FitConfig(4, 4, 0.01, device="cpu", precision="float32")
Loss = Callable[[nn.Module, Batch, torch.Generator], dict[str, Tensor]]


@dataclass
class Points:
    values: np.ndarray = field(default_factory=lambda: np.arange(40, dtype=np.float32))

    def __len__(self) -> int:
        return len(self.values)

    def load(self, indices: np.ndarray, generator: torch.Generator) -> Batch:
        return {"x": torch.from_numpy(self.values[indices])[:, None]}


def squares(model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
    """The loss of before."""
    return {"loss": (model(batch["x"]) ** 2).mean()}


def distances(model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
    return {"loss": model(batch["x"]).abs().mean()}


def scaled(
    model: nn.Module, batch: Batch, generator: torch.Generator, by: float
) -> dict[str, Tensor]:
    return {"loss": by * (model(batch["x"]) ** 2).mean()}


def closed_over(by: float) -> Loss:
    return lambda model, batch, generator: {"loss": by * (model(batch["x"]) ** 2).mean()}


class Weighted:
    """A loss with a helper, of which it knows the name alone."""

    def __call__(
        self, model: nn.Module, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        return {"loss": self.error(model(batch["x"])).mean()}

    def error(self, value: Tensor) -> Tensor:
        return value**2


class OtherWeighted(Weighted):
    def error(self, value: Tensor) -> Tensor:
        return value.abs()


class OtherModel(nn.Linear):
    def forward(self, value: Tensor) -> Tensor:
        return 2 * super().forward(value)


def steps_left(store: CheckpointStore, loss: Loss, data: Points, model: type = nn.Linear) -> int:
    """Updates that a training makes that may find progress."""
    made: list[int] = []

    def count(module: nn.Module, values: object) -> None:
        made.append(0)

    with seeded_torch(0, "points"):
        trained = model(1, 1)
    handle = trained.register_forward_pre_hook(count)
    fit("points", trained, loss, data, CONFIG, store)
    handle.remove()
    return len(made)


@pytest.mark.parametrize("recipe", ["", "of the pipelines"])
def test_the_same_training_goes_on(tmp_path: Path, recipe: str) -> None:
    for loss in (squares, partial(scaled, by=1.0), closed_over(1.0), Weighted()):
        store = CheckpointStore(tmp_path / str(id(loss)), recipe)
        assert steps_left(store, loss, Points()) == 4
        assert steps_left(store, loss, Points()) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (squares, distances),
        (Weighted(), OtherWeighted()),
        (partial(scaled, by=1.0), partial(scaled, by=2.0)),
        (closed_over(1.0), closed_over(2.0)),
    ],
)
def test_another_loss_starts_anew(
    tmp_path: Path, before: Loss, after: Loss, caplog: pytest.LogCaptureFixture
) -> None:
    store = CheckpointStore(tmp_path)
    after_name = getattr(after, "__name__", "")
    if after_name:
        after.__name__ = before.__name__  # type: ignore[attr-defined]
    steps_left(store, before, Points())
    assert steps_left(store, after, Points()) == 4
    assert "is of other code, data or parameters (4 steps); trains from the start" in caplog.text


def test_a_helper_that_changed_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = CheckpointStore(tmp_path)
    steps_left(store, Weighted(), Points())
    monkeypatch.setattr(Weighted, "error", OtherWeighted.error)
    assert steps_left(store, Weighted(), Points()) == 4


@pytest.mark.parametrize("row", range(0, 40, 13))
def test_one_other_example_starts_anew(tmp_path: Path, row: int) -> None:
    store = CheckpointStore(tmp_path)
    steps_left(store, squares, Points())
    values = Points().values
    values[row] += 0.5
    assert steps_left(store, squares, Points(values)) == 4


def test_a_model_of_other_code_starts_anew(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    steps_left(store, squares, Points())
    assert steps_left(store, squares, Points(), OtherModel) == 4


def test_another_recipe_starts_anew(tmp_path: Path) -> None:
    steps_left(CheckpointStore(tmp_path, "one"), squares, Points())
    assert steps_left(CheckpointStore(tmp_path, "other"), squares, Points()) == 4


def test_comments_docstrings_and_places_do_not_count() -> None:
    texts = (
        "def loss(x):\n    return x + 1\n",
        'def loss(x):\n    """Of x."""\n\n    # more\n    return x + 1\n',
        "def loss(x):\n    return x + 2\n",
    )
    one, same, other = (_digest_of(text) for text in texts)
    assert one == same != other


def _digest_of(text: str) -> str:
    names: dict[str, object] = {"__name__": "notebook"}
    exec(text, names)
    return code_digest(names["loss"])
