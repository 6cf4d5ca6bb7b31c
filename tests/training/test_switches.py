"""Every switch of the ablations changes what it says, and nothing else."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from torch import Tensor, nn

from spatial_dual.diffusion import KernelConfig, build_kernel
from spatial_dual.models.captioner import CaptionerConfig
from spatial_dual.models.coarse_to_fine import CoarseToFineConfig
from spatial_dual.models.decoders import (
    TextDecoder,
    TextDecoderConfig,
    VisualDecoder,
    VisualDecoderConfig,
)
from spatial_dual.models.dual import DualModel, DualModelConfig
from spatial_dual.models.patches import PatchConfig
from spatial_dual.models.spatial_dual import SpatialDual
from spatial_dual.models.token_diffuser import TokenCondition, TokenDiffuser, TokenDiffuserConfig
from spatial_dual.training.objectives.dual import DualLoss, DualWeights
from tests.models.graphs import SHAPE, random_tags, said_in
from tests.models.whole import CAPTIONS, LENGTH, make_whole
from tests.training.test_dual import CODES, make_batch
from tests.training.test_dual import make_model as make_model_for

KINDS = ("image", "text")
TEACHING = {"X-T23D", "X-I23D", "teacher-T23D", "teacher-I23D"}


def make_model() -> DualModel:
    return make_model_for(state_dim=None)


def losses(model: DualModel, weights: DualWeights) -> dict[str, Tensor]:
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, 10))
    loss = DualLoss(kernel, kernel, kernel, weights)
    return loss(model, make_batch(), torch.Generator().manual_seed(0))


def gradients(model: nn.Module) -> list[Tensor | None]:
    return [p.grad for p in model.parameters()]


def without_graph(model: DualModel) -> DualModel:
    config = model.config
    image, text = (replace(part, sees_graph=False) for part in (config.image, config.text))
    torch.manual_seed(0)
    return DualModel(DualModelConfig(image, text, config.graph))


def with_captioner(model: DualModel) -> DualModel:
    captioner = CaptionerConfig(SHAPE, said_in(CODES), CODES, 6, 5, dim=16, depth=1, heads=2)
    torch.manual_seed(0)
    return DualModel(DualModelConfig(model.config.image, captioner, model.config.graph))


@pytest.mark.parametrize("is_grid", [True, False])
def test_a_diffuser_without_graph_lacks_its_parameters_and_ignores_tags(is_grid: bool) -> None:
    seeing = TokenDiffuserConfig(SHAPE, CODES, 16, 5, is_grid, dim=16, depth=1, heads=2)
    model = TokenDiffuser(replace(seeing, sees_graph=False)).eval()
    names = {name.split(".")[0] for name, _ in TokenDiffuser(seeing).named_parameters()}
    left_out = names - {name.split(".")[0] for name, _ in model.named_parameters()}
    assert left_out == ({"graph", "layout"} if is_grid else {"graph"})
    z, t, feature = torch.randint(0, CODES, (2, 16)), torch.tensor([3, 5]), torch.randn(2, 5)
    given, other = (TokenCondition(random_tags(2, seed), feature) for seed in (0, 1))
    assert torch.equal(model(z, t, given), model(z, t, other))
    moved = TokenCondition(given.tags, feature + 1)
    assert not torch.equal(model(z, t, given), model(z, t, moved))


def test_decoders_without_graph_ignore_tags() -> None:
    torch.manual_seed(0)
    patches = PatchConfig(4, 8, 1, 0, 4)
    seeing = VisualDecoderConfig(SHAPE, patches)
    visual = VisualDecoder(replace(seeing, sees_graph=False))
    assert visual.graph is None
    latents = torch.randn(2, 16, 4)
    first, second = random_tags(2, 0), random_tags(2, 1)
    assert torch.equal(visual(latents, first), visual(latents, second))
    writer = TextDecoder(TextDecoderConfig(SHAPE, said_in(CODES), CODES, 6, 16, 1, 2, False)).eval()
    codes = torch.randint(0, CODES, (2, 6))
    assert torch.equal(writer(codes, first, codes), writer(codes, second, codes))


def test_singleton_tasks_share_neither_loss_nor_gradient() -> None:
    """Each task alone: with one task's loss left out, the other's gradients are the same bytes."""
    weights = DualWeights(duality=0.0, graph=0.0, intermediate=0.0)
    both = without_graph(make_model())
    parts = losses(both, weights)
    assert parts.keys() == {"loss", "ST2I", "SI2T"}
    parts["loss"].backward()
    for task, own, other in (("ST2I", "image", "text"), ("SI2T", "text", "image")):
        alone = without_graph(make_model())
        losses(alone, weights)[task].backward()
        pairs = zip(gradients(getattr(both, own)), gradients(getattr(alone, own)), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
        assert all(g is None for g in gradients(getattr(alone, other)))
    assert all(g is None for g in gradients(both.graph))


def test_vanilla_dual_adds_the_duality_alone() -> None:
    model = without_graph(make_model())
    parts = losses(model, DualWeights(graph=0.0))
    assert parts.keys() == {"loss", "ST2I", "SI2T", "duality"}
    parts["loss"].backward()
    assert all(g is None for g in gradients(model.graph))


def test_without_intermediate_features_no_hidden_state_is_read() -> None:
    model = make_model()
    parts = losses(model, DualWeights(intermediate=0.0))
    assert not TEACHING & parts.keys()
    parts["loss"].backward()
    contexts = model.graph.contexts
    assert all(g is None for kind in KINDS for g in gradients(contexts[f"{kind}_hidden"]))
    assert all(g is not None for g in gradients(contexts["image"]))


@pytest.mark.parametrize("detach", [True, False])
def test_the_teacher_is_detached_unless_told_otherwise(detach: bool) -> None:
    """Whether the alignment KL reaches the token diffusers and the teacher's own context."""
    model = make_model()
    losses(model, DualWeights(detach_teacher=detach))["X-I23D"].backward()
    reached = [g is not None and bool(g.any()) for g in gradients(model.image.trunk)]
    assert any(reached) is not detach
    teacher = [bool(g.any()) for g in gradients(model.graph.contexts["image_hidden"])]
    assert all(teacher) is not detach
    assert DualWeights().detach_teacher


def test_the_captioner_takes_the_place_of_the_text_diffuser() -> None:
    model = with_captioner(make_model())
    parts = losses(model, DualWeights())
    assert parts.keys() == {"loss", "ST2I", "SI2T", "duality", "T23D", "I23D", *TEACHING}
    tags = {name: values.repeat_interleave(2, dim=0) for name, values in random_tags(3).items()}
    seen = make_batch()["clip_image"].repeat_interleave(2, dim=0)
    said = model.text(make_batch()["text_codes"].flatten(0, 1), TokenCondition(tags, seen))
    assert parts["SI2T"].item() == pytest.approx((said.nats.sum() / said.tokens.sum()).item())
    parts["loss"].backward()
    assert all(g is not None for g in gradients(model.text.feature))


def test_a_stored_captioner_comes_back() -> None:
    config = with_captioner(make_model()).config
    assert DualModelConfig(**json.loads(json.dumps(asdict(config)))) == config
    assert DualModelConfig(**json.loads(json.dumps(asdict(make_model().config)))).text.tokens == 6


@pytest.fixture(scope="module")
def whole() -> SpatialDual:
    return make_whole()


def change(model: SpatialDual, **parts: object) -> SpatialDual:
    return SpatialDual(replace(model.parts, **parts))


def test_text_codes_are_the_words_without_the_text_decoder(whole: SpatialDual) -> None:
    plain = change(whole, sampling=replace(whole.parts.sampling, decode_text=False))
    drawn = whole.draw(CAPTIONS[0]).image

    def refuse(*_: object) -> None:
        raise AssertionError("the text decoder was used")

    plain.parts.text_decoder.generate, kept = refuse, plain.parts.text_decoder.generate
    try:
        assert isinstance(plain.describe(drawn)[0].text, str)
    finally:
        plain.parts.text_decoder.generate = kept


def test_a_whole_model_with_captioner_describes(whole: SpatialDual) -> None:
    config = whole.parts.dual.config
    captioner = CaptionerConfig(
        config.image.shape,
        config.text.words,
        config.text.codes,
        LENGTH,
        8,
        dim=16,
        depth=1,
        heads=2,
    )
    dual = DualModel(DualModelConfig(config.image, captioner, config.graph)).eval()
    model = change(whole, dual=dual)
    assert isinstance(model.describe(whole.draw(CAPTIONS[0]).image)[0].text, str)


def test_graphs_evolve_only_where_something_reads_them(whole: SpatialDual) -> None:
    config = whole.parts.dual.config
    blind = replace(config.image, sees_graph=False)
    visual = whole.parts.visual_decoder.config
    model = change(
        whole,
        dual=DualModel(DualModelConfig(blind, config.text, config.graph)).eval(),
        visual_decoder=VisualDecoder(replace(visual, sees_graph=False)).eval(),
    )
    drawing = model.draw(CAPTIONS[0])
    assert drawing.graph == drawing.initial
    assert whole.draw(CAPTIONS[0]).graph != drawing.initial
    assert model.parts.sees_graph("text")


def in_two_scales(model: DualModel) -> DualModel:
    config = CoarseToFineConfig(**asdict(model.config.image), code_dim=3)
    torch.manual_seed(0)
    dual = DualModel(DualModelConfig(config, model.config.text, model.config.graph))
    dual.image.codebook.copy_(torch.randn(CODES, 3))
    return dual


def test_both_scales_of_the_image_are_learnt() -> None:
    model = in_two_scales(make_model())
    parts = losses(model, DualWeights())
    assert parts.keys() == losses(make_model(), DualWeights()).keys()
    parts["ST2I"].backward()
    for scale in (model.image.coarse, model.image.fine):
        assert any(g is not None and bool(g.any()) for g in gradients(scale))


def test_coarse_codes_are_the_nearest_to_mean_vectors() -> None:
    model = in_two_scales(make_model())
    side = model.image.config.grid
    codes = torch.randint(0, CODES, (2, side**2))
    found = model.image.coarse_codes(codes).unflatten(1, (side // 2, side // 2))
    grid, book = codes.unflatten(1, (side, side)), model.image.codebook
    for row in range(side // 2):
        for column in range(side // 2):
            patch = grid[1, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            mean = book[patch].mean(dim=(0, 1))
            nearest = (book - mean).norm(dim=1).argmin()
            assert found[1, row, column] == nearest


def test_coarse_codes_are_exact_whatever_precision_surrounds_them() -> None:
    """Neighbours of 16 evenly spaced codes are nearer than bfloat16 tells apart at this size."""
    scales = in_two_scales(make_model()).image
    steps = torch.arange(CODES, dtype=torch.float32)[:, None].expand(-1, 3)
    scales.codebook.copy_(100 + 0.1 * steps)
    codes = torch.arange(CODES)[:, None, None].expand(-1, 16, 16)
    codes = codes[:, : scales.config.grid, : scales.config.grid].flatten(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = scales.coarse_codes(codes)
    assert torch.equal(found, torch.arange(CODES)[:, None].expand_as(found))


def test_the_fine_scale_reads_the_coarse_one_where_it_lies() -> None:
    """A coarse code changes the input of its own 2 × 2 tokens first; both are on the same grid."""
    fine = in_two_scales(make_model()).image.fine.eval()
    seen: list[Tensor] = []
    fine.trunk.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    tokens, side = fine.config.tokens, fine.config.grid
    coarse = torch.zeros(1, tokens // 4, dtype=torch.long)
    other = coarse.clone()
    other[0, 1] = 1  # second in the first row: columns 2 and 3 of rows 0 and 1
    feature, z = torch.zeros(1, 5), torch.zeros(1, tokens, dtype=torch.long)
    for given in (coarse, other):
        condition = TokenCondition(random_tags(1), feature, coarse=given)
        fine(z, torch.tensor([3]), condition)
        assert condition.without().coarse is given
    moved = (seen[0] != seen[1]).any(dim=-1).nonzero()[:, 1].tolist()
    assert moved == sorted(r * side + c for r in (0, 1) for c in (2, 3))


def test_a_whole_model_draws_in_two_scales(whole: SpatialDual) -> None:
    config = whole.parts.dual.config
    scales = CoarseToFineConfig(**asdict(config.image), code_dim=4)
    stored = DualModelConfig(**json.loads(json.dumps(asdict(replace(config, image=scales)))))
    assert stored.image == scales
    dual = DualModel(stored).eval()
    dual.image.codebook.copy_(whole.image_tokenizer.codebook)
    drawn = change(whole, dual=dual).draw(CAPTIONS[0]).image
    assert drawn.shape == whole.draw(CAPTIONS[0]).image.shape


def test_two_scales_need_a_grid_of_even_side() -> None:
    with pytest.raises(ValueError, match="even side, got 9"):
        CoarseToFineConfig(SHAPE, CODES, 9, 5, True, dim=16, depth=1, heads=2)
