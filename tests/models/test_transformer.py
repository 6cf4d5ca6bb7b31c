"""Blocks that all denoisers share: attention by hand, QK-norm, compilation."""

import torch
from torch.nn import functional as F

from spatial_dual.models.transformer import (
    Attention,
    Block,
    Transformer,
    attend,
    compile_blocks,
    key_mask,
)


def test_written_out_attention_is_the_fused_one() -> None:
    query, key, value = torch.randn(3, 2, 4, 5, 8)
    mask = key_mask(torch.tensor([[True, True, False, True, False], [True] * 5]))
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    assert torch.allclose(attend(query, key, value, mask), expected, atol=1e-5)


def test_size_of_queries_and_keys_does_not_matter() -> None:
    """QK-norm: weights that grow in training cannot make attention collapse on one key."""
    torch.manual_seed(0)
    attention, x = Attention(16, 2), torch.randn(2, 5, 16)
    before = attention(x, x)
    with torch.no_grad():
        attention.query.weight.mul_(100)
        attention.key_value.weight[:16].mul_(100)
    assert torch.allclose(attention(x, x), before, atol=1e-4)


def test_compiled_blocks_compute_the_same_under_the_same_names() -> None:
    torch.manual_seed(0)
    model = Transformer(16, 2, 2, 16)
    x, condition, context = torch.randn(2, 5, 16), torch.randn(2, 16), torch.randn(2, 3, 16)
    before, names = model(x, condition, context), set(model.state_dict())
    calls = []
    torch._dynamo.reset()
    compile_blocks(model, backend="eager")
    for block in model.blocks:
        assert isinstance(block, Block)
        calls.append(block._compiled_call_impl is not None)
    assert torch.allclose(model(x, condition, context), before, atol=1e-5)
    assert all(calls)
    assert set(model.state_dict()) == names
