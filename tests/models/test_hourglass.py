"""Hourglass: patches fold and unfold, convolutions reach as far as they should."""

import torch

from spatial_dual.models.hourglass import (
    BLOCKS_AFTER,
    BLOCKS_BEFORE,
    Hourglass,
    fold_patches,
    unfold_patches,
)


def test_a_patch_holds_its_four_neighbours() -> None:
    cells = torch.arange(36).reshape(1, 6, 6, 1)
    patches = fold_patches(cells)
    assert patches.shape == (1, 9, 4)
    assert patches[0, 4].tolist() == [14, 15, 20, 21]  # rows 2..3, columns 2..3


def test_unfolding_undoes_folding() -> None:
    grid = torch.randn(2, 8, 8, 3)
    assert torch.equal(unfold_patches(fold_patches(grid), 8), grid)


def test_without_its_transformer_it_sees_only_neighbours() -> None:
    torch.manual_seed(0)
    model = Hourglass(dim=16, depth=1, heads=2, coarse_dim=16, grid=8).eval()
    torch.nn.init.zeros_(model.up.weight)
    x, condition, context = torch.randn(1, 64, 16), torch.randn(1, 16), torch.randn(1, 3, 16)
    x.requires_grad_()
    model(x, condition, context)[0, 3 * 8 + 3].square().sum().backward()
    assert x.grad is not None
    reached = x.grad.reshape(8, 8, 16).abs().sum(dim=-1) > 0
    far = BLOCKS_BEFORE + BLOCKS_AFTER
    rows, columns = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    near = torch.maximum((rows - 3).abs(), (columns - 3).abs()) <= far
    assert torch.equal(reached, near)


def test_its_transformer_sees_all() -> None:
    torch.manual_seed(0)
    model = Hourglass(dim=16, depth=1, heads=2, coarse_dim=16, grid=8).eval()
    x, condition, context = torch.randn(1, 64, 16), torch.randn(1, 16), torch.randn(1, 3, 16)
    x.requires_grad_()
    model(x, condition, context)[0, 0].square().sum().backward()
    assert x.grad is not None
    assert bool((x.grad.abs().sum(dim=-1) > 0).all())
