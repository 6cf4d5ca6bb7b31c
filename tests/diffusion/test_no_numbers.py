"""A chain that meets NaN or infinite logits stops and says so."""

import pytest
import torch

from spatial_dual.diffusion import KernelConfig, build_kernel, sample

NAMES = ("uniform", "absorbing", "mask_and_replace")


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", [*NAMES, "continuous"])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_logits_that_are_no_numbers_stop_the_chain(name, value, guidance):
    kernel = build_kernel(KernelConfig(name, 4, 10))

    def broken(z_t, t):
        logits = torch.zeros(*z_t.shape[:2], 4)
        logits[1, :, 2] = torch.where(t[0] < 8, value, 0.0)
        return logits

    with pytest.raises(FloatingPointError, match="logits"):
        sample(kernel, broken, (2, 3), 10, seeded(), guidance=guidance, unconditional=broken)


@pytest.mark.parametrize("name", [*NAMES, "continuous"])
def test_a_chain_that_could_not_check_on_the_way_stops_at_its_end(name, monkeypatch):
    """Devices that are not waited for draw the class K of NaN, which is none."""
    monkeypatch.setattr("spatial_dual.diffusion.prediction._check_numbers", lambda _: None)
    kernel = build_kernel(KernelConfig(name, 4, 10))

    def broken(z_t, t):
        return torch.full((*z_t.shape[:2], 4), torch.nan)

    with pytest.raises(FloatingPointError, match="without a class"):
        sample(kernel, broken, (2, 3), 10, seeded())
