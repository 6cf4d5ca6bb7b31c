"""c_I and c_Y as tokens: read by every diffuser, and the way in learns."""

import pytest
import torch
from torch import Tensor, nn

from spatial_dual.diffusion import KernelConfig, LossWeights, build_kernel
from spatial_dual.models.captioner import Captioner, CaptionerConfig
from spatial_dual.models.clip import ClipConfig, ClipEncoder
from spatial_dual.models.dual import DualModel
from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID
from spatial_dual.models.token_diffuser import TokenCondition
from spatial_dual.training.objectives.dual import DualLoss, DualWeights
from spatial_dual.training.objectives.graph_diffusion import GraphDiffusionLoss
from tests.models.graphs import SHAPE, random_tags, said_in
from tests.training.test_dual import CODES, make_batch, make_model

WIDTH = 5


def by_token(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The batch with nine patches an image, and captions as ids of ``small_clip``."""
    torch.manual_seed(2)
    ids = torch.tensor([[BOS_ID, 5, 6, EOS_ID], [BOS_ID, 7, EOS_ID, 0], [BOS_ID, 4, 8, EOS_ID]])
    rest = {name: values for name, values in batch.items() if name != "clip_text"}
    return {**rest, "clip_image": torch.randn(3, 9, WIDTH), "clip_ids": ids}


def small_clip() -> ClipEncoder:
    torch.manual_seed(3)
    shape = ClipConfig(9, 8, 8, text_length=4, dim=WIDTH, width=WIDTH, layers=1, heads=1)
    return ClipEncoder(shape).requires_grad_(False).eval()


def query_gradients(clip: ClipEncoder | None) -> list[Tensor]:
    """Of every cross-attention of a graph diffuser, under c_I and c_Y as tokens or as features."""
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, 10))
    model, batch = make_model(None).graph, make_batch()
    loss = GraphDiffusionLoss(kernel, LossWeights(), clip)
    loss(model, by_token(batch) if clip else batch, torch.Generator().manual_seed(0))[
        "loss"
    ].backward()
    return [block.cross_attention.query.weight.grad for block in model.blocks]


def test_the_graph_diffuser_s_way_in_learns_from_tokens_alone() -> None:
    """The softmax over one key is 1, whatever the query: a global feature teaches it nothing."""
    from_tokens, from_one = query_gradients(small_clip()), query_gradients(None)
    assert from_tokens
    assert all(value.abs().max() > 0 for value in from_tokens)
    assert all(value.abs().max() == 0 for value in from_one)


def test_all_three_diffusers_train_on_tokens() -> None:
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, 10))
    model, weights = make_model(None), DualWeights()
    loss = DualLoss(kernel, kernel, kernel, weights, clip=small_clip())
    parts = loss(model, by_token(make_batch()), torch.Generator().manual_seed(0))
    parts["loss"].backward()
    assert all(part.isfinite() for part in parts.values())
    for half in (model.image, model.text):
        assert half.feature.weight.grad is not None
        assert half.feature.weight.grad.abs().max() > 0


def half(model: DualModel, name: str) -> nn.Module:
    if name == "captioner":
        torch.manual_seed(0)
        return Captioner(CaptionerConfig(SHAPE, said_in(CODES), CODES, 6, WIDTH, 16, 1, 2)).eval()
    return getattr(model, name).eval()


@torch.no_grad()
@pytest.mark.parametrize("name", ["image", "text", "captioner"])
def test_each_token_is_read_and_padding_is_not(name: str) -> None:
    model, tags = half(make_model(None), name), random_tags(2)
    tokens = torch.randn(2, 4, WIDTH)
    z_t, t = torch.randint(0, CODES, (2, 16 if name == "image" else 6)), torch.tensor([3, 7])

    def answer(feature: Tensor) -> Tensor:
        condition = TokenCondition(tags, feature)
        if isinstance(model, Captioner):
            return model(z_t, condition).nats
        return model(z_t, t, condition)

    plain = answer(tokens)
    padded = answer(torch.cat([tokens, torch.zeros(2, 3, WIDTH)], dim=1))
    rounding = float((padded - plain).abs().max())
    assert rounding < 1e-5
    changes = [-tokens * (torch.arange(4) == place)[:, None] for place in range(4)]
    changes.append(torch.tensor([1.0, -1.0, 0.0, 0.0])[:, None])  # of none of which the mean tells
    for change in changes:
        assert float((answer(tokens + 2 * change) - plain).abs().max()) > 3 * rounding
