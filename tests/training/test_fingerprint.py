"""A changed setting of a loss never resumes an older training's progress."""

from pathlib import Path

import pytest
import torch

from spatial_dual.diffusion import KernelConfig, build_kernel
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fingerprint import settings_of
from spatial_dual.training.fit import fit
from spatial_dual.training.objectives.alignment import VisualDecoderLoss
from spatial_dual.training.objectives.dual import DualLoss, DualWeights
from tests.training.test_dual import CODES, make_batch, make_model

STEPS = 2


class OneBatch:
    """Records whose every batch is the same."""

    def __len__(self) -> int:
        return 3

    def load(self, indices: object, generator: torch.Generator) -> dict[str, torch.Tensor]:
        return make_batch()


def make_loss(noise_steps: int = 10, importance: bool = False, **weights: float) -> DualLoss:
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, noise_steps))
    return DualLoss(kernel, kernel, kernel, DualWeights(**weights), importance)


def train(loss: DualLoss, folder: Path | None) -> tuple[int, list[torch.Tensor]]:
    """Calls of the loss, and the weights in the end."""
    model, calls = make_model(None), 0

    class Counted(DualLoss):
        def __call__(self, *arguments: object) -> dict[str, torch.Tensor]:
            nonlocal calls
            calls += 1
            return super().__call__(*arguments)

    loss.__class__ = Counted
    config = FitConfig(STEPS, 3, 1e-3, precision="float32", device="cpu")
    fit("dual", model, loss, OneBatch(), config, CheckpointStore(folder) if folder else None)
    return calls, list(model.state_dict().values())


@pytest.mark.parametrize(
    "changes",
    [{"duality": 0.3}, {"detach_teacher": False}, {"noise_steps": 11}, {"importance": True}],
)
def test_a_changed_setting_starts_anew(tmp_path: Path, changes: dict[str, float]) -> None:
    train(make_loss(), tmp_path)
    assert train(make_loss(), tmp_path)[0] == 0
    calls, weights = train(make_loss(**changes), tmp_path)
    assert calls == STEPS
    alone = train(make_loss(**changes), None)[1]
    assert all(torch.equal(one, other) for one, other in zip(weights, alone, strict=True))


def test_settings_are_what_a_loss_was_made_with_and_no_state() -> None:
    loss = make_loss(importance=True)
    before = settings_of(loss)
    assert before["weights"]["duality"] == DualWeights().duality
    assert before["image"]["steps"] == 10
    assert before["histories"].keys() == {"image", "text"}
    loss(make_model(None), make_batch(), torch.Generator().manual_seed(0))
    assert settings_of(loss) == before


def test_tensors_count_by_their_bytes_and_functions_have_no_settings() -> None:
    one, same, other = (VisualDecoderLoss(torch.full((2, 3), x)) for x in (1.0, 1.0, 2.0))
    assert settings_of(one) == settings_of(same) != settings_of(other)
    assert settings_of(make_loss.__call__) == settings_of(print) == {}
