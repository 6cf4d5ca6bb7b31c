"""The benchmark at toy size: what it writes, and that both contenders do the same thing."""

import json
import sys
from pathlib import Path

import pytest
import torch

from spatial_dual.diffusion import DiscreteKernel, KernelConfig

pytest.importorskip("diffusers", reason="needs the extra `benchmark`")


def test_figures_are_written_and_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.image_diffuser import main

    toy = "--dim 16 --depth 2 --heads 2 --tokens 16 --codes 8 --batch 2 --steps 2 --rounds 2"
    path = tmp_path / "figures.json"
    monkeypatch.setattr(sys, "argv", ["image_diffuser", "--json", str(path), *toy.split()])
    main()
    printed = capsys.readouterr().out
    figures = json.loads(path.read_text())
    for task in ("training_step", "sampling", "posterior"):
        assert figures[f"{task}_ratio"] > 0
        assert figures[f"{task}_ratio_default"] > 0
        assert f"{task:14}" in printed
    assert figures["mfu"] is None  # no accelerator
    assert figures["settings"]["dim"] == 16
    assert figures["settings"]["diffusers"] == "0.42.1"


@pytest.mark.parametrize("step", [2, 30, 98])
def test_our_posterior_is_the_peers(step: int) -> None:
    """Its times count from 0: its step t goes from our t + 1 to our t."""
    from diffusers import VQDiffusionScheduler

    codes = 6
    scheduler = VQDiffusionScheduler(codes + 1, 100)
    kernel = DiscreteKernel(KernelConfig("mask_and_replace", codes, 100, "vq_diffusion"))
    x_t = torch.arange(codes + 1)[None]
    log_p = torch.randn(1, codes + 1, codes).log_softmax(-1)
    theirs = scheduler.q_posterior(log_p.transpose(1, 2), x_t, torch.tensor(step)).exp()
    ours = kernel.posterior_probabilities(
        x_t, log_p.exp(), torch.tensor([step + 1]), torch.tensor([step])
    )
    assert torch.allclose(theirs.transpose(1, 2), ours, atol=2e-4)
