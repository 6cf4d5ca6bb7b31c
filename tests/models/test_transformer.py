"""What all denoisers share: blocks, their compilation, the embedding of steps."""

import pytest
import torch

from spatial_dual.models.transformer import (
    Block,
    TimestepEmbedding,
    Transformer,
    compile_blocks,
)


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


@pytest.mark.parametrize("dim", [1, 5, 8])
def test_steps_are_told_apart_at_any_width(dim: int) -> None:
    torch.manual_seed(0)
    embedded = TimestepEmbedding(dim)(torch.tensor([1, 2, 100]))
    assert embedded.shape == (3, dim)
    assert len(embedded.unique(dim=0)) == 3
