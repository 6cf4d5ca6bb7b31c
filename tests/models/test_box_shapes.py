"""The layout's hot path beside the formula, and beside the form that other devices run."""

import torch
from torch import Tensor
from torch.nn import functional as F

from spatial_dual.models.box_shapes import draw_shapes, draw_shapes_plainly


def arguments() -> tuple[Tensor, ...]:
    """Of 2 pictures, 5 cells, 3 slots, 4 features, 6 dimensions in 2 heads; float64."""
    generator = torch.Generator().manual_seed(0)
    shapes = (2, 5, 3, 4), (6, 4), (6,), (2, 3, 6), (2, 5, 3, 2)
    features, *learnt = (
        torch.randn(shape, dtype=torch.float64, generator=generator) for shape in shapes
    )
    return features, *(values.requires_grad_() for values in learnt)


def test_each_cell_sums_what_its_objects_draw_there() -> None:
    features, basis, bias, coefficients, weights = arguments()
    drawn = draw_shapes(features, basis, bias, coefficients, weights)
    for picture, cell, column in [(0, 0, 0), (1, 3, 2), (1, 4, 5)]:
        expected = sum(
            weights[picture, cell, slot, column // 3]
            * coefficients[picture, slot, column]
            * F.gelu(basis[column] @ features[picture, cell, slot] + bias[column])
            for slot in range(3)
        )
        torch.testing.assert_close(drawn[picture, cell, column], expected)


def test_picture_by_picture_is_all_at_once() -> None:
    values = arguments()
    torch.testing.assert_close(draw_shapes(*values), draw_shapes_plainly(*values))


def test_gradient_is_right() -> None:
    assert torch.autograd.gradcheck(draw_shapes, arguments())


def test_precision_is_that_of_the_coefficients() -> None:
    features, basis, bias, coefficients, weights = (values.float() for values in arguments())
    exact = draw_shapes(features, basis, bias, coefficients, weights)
    rounded = draw_shapes(features, basis, bias, coefficients.bfloat16(), weights)
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), exact, rtol=0.05, atol=0.05)
