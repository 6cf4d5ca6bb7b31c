"""Image and text diffusers: what they see of a condition, and where objects land on the grid."""

from dataclasses import dataclass

import pytest
import torch

from spatial_dual.diffusion import Kernel, KernelConfig, build_kernel
from spatial_dual.models.graph_diffuser import (
    GraphCondition,
    GraphDiffuser,
    GraphDiffuserConfig,
)
from spatial_dual.models.layout_map import LayoutMap
from spatial_dual.models.token_diffuser import (
    TokenCondition,
    TokenDiffuser,
    TokenDiffuserConfig,
)
from spatial_dual.scene.layout import geometry_to_bins
from tests.models.graphs import SHAPE, random_tags, said_in


@dataclass(frozen=True)
class Case:
    """A denoiser and its noisy states."""

    model: TokenDiffuser
    kernel: Kernel

    def states(self, count: int, t: torch.Tensor) -> torch.Tensor:
        generator = torch.Generator().manual_seed(1)
        tokens = torch.randint(0, 9, (count, self.model.config.tokens), generator=generator)
        return self.kernel.sample_forward(tokens, t, generator)


@pytest.mark.parametrize("is_grid", [True, False])
def test_a_sampler_reads_float32_logits_under_autocast(is_grid: bool) -> None:
    case = make_diffuser(is_grid)
    t = torch.full((2,), 60)
    condition = TokenCondition(random_tags(2), torch.randn(2, 5))
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        lazy = case.model.predict(case.states(2, t), t, condition)
        rounded = case.model.logits(lazy.hidden)
        logits = lazy[:]
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, rounded.float(), rtol=0.02, atol=0.02)
    # more digits than bfloat16 has
    assert not torch.equal(logits, logits.bfloat16().float())


def make_diffuser(
    is_grid: bool,
    trunk: str = "transformer",
    kernel: str = "absorbing",
    tokens: int = 16,
    words: bool = False,
) -> Case:
    torch.manual_seed(0)
    process = build_kernel(KernelConfig(kernel, 9, 100))
    config = TokenDiffuserConfig(
        SHAPE,
        codes=9,
        tokens=tokens,
        condition_dim=5,
        is_grid=is_grid,
        dim=16,
        depth=2,
        heads=2,
        state_dim=process.state_dim,
        trunk=trunk,
        words=said_in(9) if words else None,
    )
    return Case(TokenDiffuser(config).eval(), process)


@pytest.fixture(
    params=[
        (True, "transformer", "absorbing"),
        (False, "transformer", "absorbing"),
        (False, "transformer", "absorbing", 16, True),
        (True, "hourglass", "absorbing"),
        (True, "hourglass", "continuous", 64),
        (True, "unet", "absorbing", 256),
        (True, "unet", "continuous", 16),
        (False, "transformer", "continuous"),
    ],
    ids=str,
)
def case(request: pytest.FixtureRequest) -> Case:
    return make_diffuser(*request.param)


def test_dropped_samples_see_neither_graph_nor_feature(case: Case) -> None:
    model, t = case.model, torch.tensor([3, 50])
    z_t = case.states(2, t)
    first = TokenCondition(random_tags(2, seed=1), torch.randn(2, 5)).without()
    second = TokenCondition(random_tags(2, seed=2), torch.randn(2, 5)).without()
    assert torch.allclose(model(z_t, t, first), model(z_t, t, second), atol=1e-5)
    seen = TokenCondition(random_tags(2, seed=1), first.feature)
    assert not torch.allclose(model(z_t, t, seen), model(z_t, t, first), atol=1e-3)


def test_a_condition_read_once_serves_every_step(case: Case) -> None:
    condition = TokenCondition(random_tags(2), torch.randn(2, 5), torch.tensor([False, True]))
    read = case.model.read(condition)
    for step in (3, 60):
        t = torch.full((2,), step)
        z_t = case.states(2, t)
        logits = case.model(z_t, t, condition)
        assert torch.equal(case.model(z_t, t, read), logits)
        lazy = case.model.predict(z_t, t, read)
        assert lazy.shape == tuple(logits.shape)
        where = (torch.tensor([0, 1, 1]), torch.tensor([2, 0, 3]))
        assert torch.allclose(lazy[where], logits[where], atol=1e-5)


def test_samples_of_a_batch_do_not_mix(case: Case) -> None:
    tags, feature = random_tags(3), torch.randn(3, 5)
    t = torch.tensor([3, 50, 99])
    z_t = case.states(3, t)
    whole = case.model(z_t, t, TokenCondition(tags, feature))
    assert whole.shape == (3, case.model.config.tokens, 9)
    alone = TokenCondition({k: v[1:2] for k, v in tags.items()}, feature[1:2])
    assert torch.allclose(case.model(z_t[1:2], t[1:2], alone), whole[1:2], atol=1e-5)


def test_a_new_denoiser_learns_through_every_part(case: Case) -> None:
    t = torch.tensor([3, 50, 99])
    condition = TokenCondition(random_tags(3), torch.randn(3, 5), torch.tensor([0, 1, 0]).bool())
    optimizer = torch.optim.Adam(case.model.parameters(), lr=0.01)
    for _ in range(2):  # branches that start at zero pass gradients on from the second update
        case.model(case.states(3, t), t, condition).log_softmax(-1)[..., 0].mean().backward()
        optimizer.step()
    silent = {n for n, p in case.model.named_parameters() if p.grad is None or not p.grad.any()}
    assert not {name for name in silent if name.startswith(("trunk", "embed", "head", "step"))}


def test_c_g_does_not_depend_on_the_order_of_the_slots() -> None:
    """Text tokens attend to a set of nodes: swapped slots, with converse bits, say the same."""
    model = make_diffuser(is_grid=False).model
    tags = random_tags(1)
    tags["relations"][:] = False
    order = torch.tensor([1, 0, 2, 3])
    swapped = {n: tags[n][:, order] for n in ("labels", "attributes", "geometry")}
    z_t, t, feature = torch.randint(0, 10, (1, 16)), torch.tensor([7]), torch.randn(1, 5)
    expected = model(z_t, t, TokenCondition(tags, feature))
    found = model(z_t, t, TokenCondition({**tags, **swapped}, feature))
    assert torch.allclose(found, expected, atol=1e-5)


def test_trunks_for_grids_need_a_grid() -> None:
    for trunk in ("unet", "hourglass"):
        with pytest.raises(ValueError, match=f"'{trunk}' needs image tokens"):
            make_diffuser(is_grid=False, trunk=trunk)
    with pytest.raises(ValueError, match="even side, got 3"):
        make_diffuser(is_grid=True, trunk="hourglass", tokens=9)
    with pytest.raises(ValueError, match="'cnn'"):
        make_diffuser(is_grid=True, trunk="cnn")


def test_words_share_one_table_with_tags_and_logits() -> None:
    """Before any training a token's logit is its table row times the hidden state, / √dim."""
    model = make_diffuser(is_grid=False, words=True).model
    hidden = torch.randn(2, 16, 16)
    table = model.embed.weight[:9]
    assert torch.allclose(model.logits(hidden), hidden @ table.T / 4, atol=1e-5)
    z_t, t = torch.full((1, 16), 9), torch.tensor([7])  # all masked
    condition = TokenCondition(random_tags(1), torch.randn(1, 5))
    model(z_t, t, condition)[..., 0].sum().backward()
    said = sorted({i for ids in model.config.words.labels for i in ids})
    assert model.embed.weight.grad[said].any(dim=1).all()


def test_words_need_text_tokens() -> None:
    with pytest.raises(ValueError, match="words are for text tokens"):
        make_diffuser(is_grid=True, words=True)
    with pytest.raises(ValueError, match="words are for text tokens"):
        make_diffuser(is_grid=False, kernel="continuous", words=True)


def test_grid_must_be_square() -> None:
    with pytest.raises(ValueError, match="15"):
        TokenDiffuserConfig(SHAPE, codes=9, tokens=15, condition_dim=5, is_grid=True)


def test_layout_writes_an_object_where_its_box_is() -> None:
    """Two boxes side by side: changing an object changes the cells of its own box most."""
    torch.manual_seed(0)
    layout = LayoutMap(grid=8, dim=8).eval()
    boxes = torch.tensor([[0.25, 0.5, 0.4, 0.5, 2.0], [0.75, 0.5, 0.4, 0.5, 2.0]])
    boxes[:, 2:] = boxes[:, 2:].log()
    geometry = torch.from_numpy(geometry_to_bins(boxes.numpy()))[None]
    objects, there = torch.randn(1, 2, 8), torch.ones(1, 2, dtype=torch.bool)
    before = layout(objects, geometry, there)
    changed = objects.clone()
    changed[0, 0] += 3
    change = (layout(changed, geometry, there) - before).norm(dim=-1).view(8, 8)
    inside, other = change[3:5, 1:3].mean(), change[3:5, 5:7].mean()
    assert inside > 10 * other


def test_nearer_objects_cover_those_behind() -> None:
    torch.manual_seed(0)
    layout = LayoutMap(grid=4, dim=8).eval()
    values = torch.tensor([[0.5, 0.5, 0.9, 0.9, 1.0], [0.5, 0.5, 0.9, 0.9, 6.0]])
    values[:, 2:] = values[:, 2:].log()
    geometry = torch.from_numpy(geometry_to_bins(values.numpy()))[None]
    objects, there = torch.randn(1, 2, 8), torch.ones(1, 2, dtype=torch.bool)
    before = layout(objects, geometry, there)

    def change(which: int) -> float:
        moved = objects.clone()
        moved[0, which] += 3
        return float((layout(moved, geometry, there) - before).norm().detach())

    assert change(0) > 3 * change(1)


def test_objects_without_geometry_leave_no_trace_on_the_grid() -> None:
    layout = LayoutMap(grid=4, dim=8).eval()
    geometry = torch.zeros(1, 2, 5, dtype=torch.long)
    there = torch.ones(1, 2, dtype=torch.bool)
    first = layout(torch.randn(1, 2, 8), geometry, there)
    assert torch.allclose(first, layout(torch.randn(1, 2, 8), geometry, there), atol=1e-6)


@pytest.mark.parametrize("name", ["mask_and_replace", "continuous"])
def test_graph_diffuser_gives_logits_for_every_node(name: str) -> None:
    torch.manual_seed(0)
    kernel, nodes = build_kernel(KernelConfig(name, 11, 100)), SHAPE.nodes
    config = GraphDiffuserConfig(
        SHAPE, 11, {"text": 5, "text_hidden": 7}, 16, 2, 2, state_dim=kernel.state_dim
    )
    graph_diffuser = GraphDiffuser(config).eval()
    codes = torch.randint(0, 11, (2, nodes))
    z_t = kernel.sample_forward(codes, torch.tensor([5, 80]), torch.Generator())
    initial, stated = torch.randint(0, 11, (2, nodes)), torch.rand(2, nodes) < 0.3
    t = torch.tensor([5, 80])
    condition = GraphCondition(initial, stated, "text", torch.randn(2, 1, 5))
    logits = graph_diffuser(z_t, t, condition)
    assert logits.shape == (2, nodes, 11)
    # codes of nodes that are not stated must not leak in
    other = torch.where(stated, initial, (initial + 1) % 11)
    same = GraphCondition(other, stated, "text", condition.context)
    assert torch.equal(graph_diffuser(z_t, t, same), logits)
    # padding of the dual's hidden states must not either
    hidden = torch.randn(2, 6, 7)
    valid = torch.arange(6) < 4
    padded = torch.where(valid[:, None], hidden, torch.randn(2, 6, 7))
    first, second = (
        GraphCondition(initial, stated, "text_hidden", context, valid.expand(2, -1))
        for context in (hidden, padded)
    )
    taught = graph_diffuser(z_t, t, first)
    assert torch.allclose(graph_diffuser(z_t, t, second), taught, atol=1e-5)
    told = GraphCondition(initial, stated, "text_hidden", padded)
    assert not torch.allclose(graph_diffuser(z_t, t, told), taught, atol=1e-5)
    # nor do parts of a batch that share a pass, one's context longer than the other's
    together = graph_diffuser(torch.cat([z_t, z_t]), t.repeat(2), condition, first)
    torch.testing.assert_close(together, torch.cat([logits, taught]), atol=1e-5, rtol=1e-5)


def test_graph_logits_are_float32_under_autocast() -> None:
    torch.manual_seed(0)
    diffuser = GraphDiffuser(GraphDiffuserConfig(SHAPE, 9, {"text": 5}, 16, 1, 2))
    codes = torch.randint(0, 9, (2, SHAPE.nodes))
    condition = GraphCondition(codes, codes > 3, "text", torch.randn(2, 1, 5))
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        logits = diffuser(codes, torch.tensor([3, 7]), condition)
    assert logits.dtype == torch.float32
    assert not torch.equal(logits, logits.bfloat16().float())
