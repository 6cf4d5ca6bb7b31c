"""Attention by hand, QK-norm, and how heads are split."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from spatial_dual.models.attention import (
    Attention,
    attend,
    key_mask,
    split_and_scale,
    split_heads,
)
from spatial_dual.training.config import FitConfig
from spatial_dual.training.optimizers import Optimizers


def some_keys_hidden() -> Tensor:
    return key_mask(torch.tensor([[True, True, False, True, False], [True] * 5]))


@pytest.mark.parametrize("mask", [None, some_keys_hidden()])
def test_attention_by_hand_is_the_fused_one(mask: Tensor | None) -> None:
    query, key, value = torch.randn(3, 2, 4, 5, 8)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=1.0)
    assert torch.allclose(attend(query, key, value, mask), expected, atol=1e-5)


def test_attention_by_hand_has_the_right_gradient() -> None:
    query, key, value = torch.randn(3, 2, 2, 5, 3, dtype=torch.float64).requires_grad_().unbind()
    mask = some_keys_hidden().double()
    assert torch.autograd.gradcheck(lambda *heads: attend(*heads, mask), (query, key, value))


def test_size_of_queries_and_keys_does_not_matter() -> None:
    """QK-norm: weights that grow in training cannot make attention collapse on one key."""
    torch.manual_seed(0)
    attention, x = Attention(16, 2), torch.randn(2, 5, 16)
    before = attention(x, x)
    with torch.no_grad():
        attention.query.weight.mul_(100)
        attention.key_value.weight[:16].mul_(100)
    assert torch.allclose(attention(x, x), before, atol=1e-4)


def test_a_learnt_gain_lets_a_head_look_at_one_key_of_a_hundred() -> None:
    """Without gain a score is √head_dim at most, which leaves that key a share of e^√d / 99."""
    torch.manual_seed(0)
    attention = Attention(16, 2)
    keys = torch.randn(1, 100, 16)
    with torch.no_grad():
        for part in (attention.query.weight, attention.key_value.weight[:16]):
            part.copy_(torch.eye(16))
        attention.key_value.weight[16:].copy_(torch.eye(16))
        attention.out.weight.copy_(torch.eye(16))
        attention.out.bias.zero_()
        attention.gain.fill_(30.0)
        seen = attention(keys[:, :1], keys)
    assert torch.allclose(seen, keys[:, :1], atol=1e-2)
    attention(keys[:, :1], keys).square().sum().backward()
    assert attention.gain.grad is not None
    assert attention.gain.shape == (2,)


def test_weight_decay_leaves_the_gain_alone() -> None:
    """Else it would pull every head towards an even look at all keys."""
    attention = Attention(16, 2)
    config = FitConfig(1, 1, learning_rate=0.1, weight_decay=0.5)
    optimizers, before = Optimizers(attention, config), attention.out.weight.detach().clone()
    for parameter in attention.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizers.schedule(0)
    optimizers.step()
    assert torch.equal(attention.gain, torch.ones(2))
    assert not torch.equal(attention.out.weight, before)


SIZES = [(0.5,), (1.0, None), (None, 2.0, 1.0)]


@pytest.mark.parametrize("sizes", SIZES)
def test_heads_split_in_few_passes_are_those_split_plainly(sizes: tuple[float | None, ...]) -> None:
    torch.manual_seed(0)
    packed = torch.randn(2, 5, len(sizes) * 3 * 4, dtype=torch.float64).requires_grad_()
    ours = split_heads(packed, 3, sizes)
    plain = split_and_scale(packed.unflatten(-1, (len(sizes), 3, 4)), sizes)
    weights = torch.randn(len(sizes), 2, 3, 5, 4, dtype=torch.float64)
    by_ours, by_plain = (
        torch.autograd.grad((weights * torch.stack(split)).sum(), packed) for split in (ours, plain)
    )
    torch.testing.assert_close(torch.stack(ours), torch.stack(plain))
    torch.testing.assert_close(by_ours, by_plain)
    for part, size in zip(ours, sizes, strict=True):
        if size is not None:
            torch.testing.assert_close(
                part.square().mean(-1).sqrt(),
                torch.full((2, 3, 5), size).double(),
                rtol=1e-4,
                atol=0,
            )


def test_heads_of_zeros_stay_zero_with_a_finite_gradient() -> None:
    packed = torch.zeros(1, 2, 8, requires_grad=True)
    (split,) = split_heads(packed, 2, [1.0])
    (gradient,) = torch.autograd.grad(split.sum(), packed)
    assert split.abs().max() == 0
    assert gradient.isfinite().all()


def test_bfloat16_heads_differ_from_exact_ones_by_rounding() -> None:
    torch.manual_seed(0)
    packed = torch.randn(4, 9, 64)
    exact = split_heads(packed, 2, [1.0])[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = split_heads(packed.bfloat16(), 2, [1.0])[0]
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), exact, rtol=0.015, atol=0.01)
