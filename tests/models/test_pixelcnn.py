"""PixelCNN++: what a pixel may see, and that its levels share a mass of one."""

import pytest
import torch

from spatial_dual.models.pixelcnn import (
    PER_MIXTURE,
    PixelCnn,
    PixelCnnConfig,
    mixture_log_likelihood,
)

SIDE = 6


def make(channels: int = 8) -> PixelCnn:
    torch.manual_seed(0)
    return PixelCnn(PixelCnnConfig(SIDE, channels, blocks=1, mixtures=2))


def test_pixels_see_all_before_them_and_none_after() -> None:
    """By the gradient of each pixel's parameters with respect to every pixel, in raster order."""
    model, x = make(), torch.rand(1, 3, SIDE, SIDE, requires_grad=True)
    out = model.parameters_of(x).sum(dim=1)[0]
    seen = torch.stack(
        [
            torch.autograd.grad(value, x, retain_graph=True)[0].abs().sum(dim=1).flatten()
            for value in out.flatten()
        ]
    )
    assert torch.equal(seen.triu() > 0, torch.zeros_like(seen, dtype=torch.bool))
    grid = seen.view(SIDE, SIDE, SIDE, SIDE)
    for row, column in ((3, 3), (2, 4), (5, 1)):  # no blind spot close by
        for near in ((row, column - 1), (row - 1, column - 1), (row - 1, column)):
            assert grid[row, column][near] > 0
        assert grid[row, column][row - 1, column + 1] > 0


def test_levels_of_a_channel_share_a_mass_of_one() -> None:
    """Summed over the 256 levels of blue, p does not depend on blue's own law, and so on."""
    generator = torch.Generator().manual_seed(0)
    shape = (1, 2, PER_MIXTURE, 1, 1)
    first = torch.randn(shape, generator=generator).double()
    second = first.clone()
    for own in (3, 6, 8, 9):  # blue's mean, log-scale and factors
        second[:, :, own] = torch.randn(1, 2, 1, 1, generator=generator).double()
    x = torch.full((256, 3, 1, 1), 7 / 127.5 - 1).double()
    x[:, 2, 0, 0] = torch.arange(256) / 127.5 - 1

    def mass(parameters: torch.Tensor) -> float:
        parameters = parameters.flatten(1, 2).expand(256, -1, -1, -1)
        return float(mixture_log_likelihood(x, parameters).exp().sum())

    assert mass(first) == pytest.approx(mass(second), rel=1e-6)


def test_likelihood_by_hand() -> None:
    """One logistic, mean 0 and scale 1, no channel factors: a product of three level masses."""
    parameters = torch.zeros(1, PER_MIXTURE, 1, 1)
    x = torch.tensor([0.0, -1.0, 1.0]).view(1, 3, 1, 1)
    step = torch.tensor(1 / 255)
    inside = step.sigmoid() - (-step).sigmoid()
    end = (-1 + step).sigmoid()
    expected = (inside * end * end).log()
    assert float(mixture_log_likelihood(x, parameters)) == pytest.approx(float(expected), abs=1e-4)


@pytest.mark.parametrize("log_scale", [-7.0, 0.0, 6.0, 10.0, 20.0])
def test_levels_of_narrow_and_of_wide_logistics_are_as_likely_as_in_float64(
    log_scale: float,
) -> None:
    x = torch.tensor([0.2, -1.0, 0.6]).view(1, 3, 1, 1)
    parameters = torch.zeros(1, PER_MIXTURE, 1, 1)
    parameters[:, 4:7] = log_scale
    parameters.requires_grad_()
    ours = mixture_log_likelihood(x, parameters)
    exact = mixture_log_likelihood(x.double(), parameters.double())
    torch.testing.assert_close(ours.double(), exact, rtol=1e-4, atol=1e-4)
    (gradient,) = torch.autograd.grad(ours.sum(), parameters)
    assert gradient.isfinite().all()


def test_one_picture_is_learnt_by_heart() -> None:
    model = make(16)
    picture = torch.randint(0, 255, (1, 3, 2 * SIDE, 2 * SIDE), dtype=torch.uint8)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with torch.no_grad():
        before = float(model.log_likelihood(picture))
    for _ in range(25):
        loss = model(picture).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(model.log_likelihood(picture)) > 0.8 * before


@pytest.mark.parametrize(("field", "value"), [("side", 7), ("channels", 0), ("mixtures", 0)])
def test_bad_sizes_are_refused_with_their_value(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"got {value}"):
        PixelCnnConfig(**{field: value})
