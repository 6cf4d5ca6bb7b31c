"""Importance-sampled t in a training: drawn by the loss it had, and kept in the checkpoints."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from spatial_dual.diffusion import KernelConfig, LossHistory, build_kernel
from spatial_dual.models.dual import DualModel
from spatial_dual.training.checkpoint import CheckpointStore, Progress
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import fit
from spatial_dual.training.objectives.dual import DualLoss, DualWeights
from spatial_dual.training.time_history import TimeHistory
from tests.training.test_dual import CODES, make_batch, make_model

T = 4  # so short that every t is soon seen often enough
STEPS = 24


class Examples:
    """The three records of ``make_batch``."""

    def __init__(self) -> None:
        self.batch = make_batch()

    def __len__(self) -> int:
        return 3

    def load(self, indices: np.ndarray, generator: torch.Generator) -> dict[str, Tensor]:
        return {name: values[indices] for name, values in self.batch.items()}


class KilledAt(CheckpointStore):
    """Stops after the checkpoint of a step, as a kill would."""

    def __init__(self, folder: Path, step: int) -> None:
        super().__init__(folder)
        self.step = step

    def save(self, progress: Progress) -> None:
        super().save(progress)
        if progress.step == self.step:
            raise KeyboardInterrupt


def dual_loss(importance_sampling: bool = True) -> DualLoss:
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, T))
    return DualLoss(kernel, kernel, kernel, DualWeights(), importance_sampling)


def train(store: CheckpointStore | None, processes: int = 1) -> tuple[DualModel, DualLoss, list]:
    model, loss = make_model(None), dual_loss()
    config = FitConfig(
        steps=STEPS,
        batch_size=3,
        learning_rate=1e-2,
        checkpoint_every=5,
        precision="float32",
        device="cpu",
        processes=processes,
    )
    return model, loss, fit("dual", model, loss, Examples(), config, store).rows


@pytest.mark.parametrize("killed_at", [5, 20])
def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path: Path, killed_at: int) -> None:
    straight, loss, rows = train(None)
    assert loss.histories["image"].state_dict()["count"].min() >= 10  # t was drawn by its loss
    with pytest.raises(KeyboardInterrupt):
        train(KilledAt(tmp_path, killed_at))
    resumed, again, resumed_rows = train(CheckpointStore(tmp_path))
    assert resumed_rows == rows
    for name, weights in straight.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], weights), name
    for name, values in loss.state_dict().items():
        assert torch.equal(again.state_dict()[name], values), name


def test_without_the_history_a_resumed_training_would_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, rows = train(None)
    monkeypatch.setattr(DualLoss, "load_state_dict", lambda self, state: None)
    with pytest.raises(KeyboardInterrupt):
        train(KilledAt(tmp_path, 20))
    assert train(CheckpointStore(tmp_path))[2] != rows


def test_times_follow_the_loss_and_weights_undo_it() -> None:
    """t with 3 times the loss is drawn 3 times as often, at a third of the weight."""
    history = TimeHistory(2)
    for _ in range(10):
        history.add(torch.tensor([1, 2]), torch.tensor([1.0, 3.0]))
    times = history.draw(20_000, torch.Generator().manual_seed(0))
    often = float((times.t == 2).float().mean())
    assert often == pytest.approx(0.75, abs=0.01)
    weights = [float(times.weight[times.t == t][0]) for t in (1, 2)]
    assert weights[0] / weights[1] == pytest.approx(3, rel=0.01)
    terms = torch.tensor([1.0, 3.0])[times.t - 1]
    assert float((times.weight * terms).mean()) == pytest.approx(2, rel=0.02)  # the plain mean


def test_a_loss_that_is_not_finite_is_not_remembered() -> None:
    history = TimeHistory(2)
    history.add(torch.tensor([1, 2]), torch.tensor([torch.nan, 2.0]))
    assert history.state_dict()["second_moment"].tolist() == [0, 4]
    assert history.state_dict()["count"].tolist() == [0, 1]


def test_two_workers_keep_one_history(tmp_path: Path) -> None:
    """Rank 0's checkpoint holds the losses of both, so that a resumed run goes on as it would."""
    store = CheckpointStore(tmp_path)
    _, _, rows = train(store, processes=2)
    with safe_open(store.path, framework="pt") as stored:
        assert int(stored.get_tensor("loss.image.count").sum()) == 2 * 3 * STEPS
    assert len(rows) == STEPS


def test_uniform_times_remember_nothing() -> None:
    loss = dual_loss(importance_sampling=False)
    assert loss.state_dict() == {}
    assert LossHistory.empty(T).probabilities().tolist() == [1 / T] * T
