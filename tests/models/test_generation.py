"""Sampling: texts are believed, images are not, and guidance moves away from no condition."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from spatial_dual.diffusion import KernelConfig, build_kernel
from spatial_dual.models.code_evidence import CodeEvidence, Denied
from spatial_dual.models.generation import (
    SamplingOptions,
    draw_images,
    sample_graphs,
    write_captions,
)
from spatial_dual.models.graph_diffuser import GraphCondition
from spatial_dual.models.graph_nodes import NodeShape, Tags, presence
from spatial_dual.models.token_diffuser import TokenCondition
from tests.models.graphs import random_tags

SHAPE = NodeShape(slots=4, labels=6, attributes=(4, 3), converse=(1, 0, 2, 4, 3), places=3)
CODES = 32  # sets of predicates, the widest tag space
TAGS = ("labels", "attributes", "geometry", "relations", "places")
POWERS = torch.tensor([1, 2, 4, 8, 16])
SHARP = SamplingOptions(steps=999, graph_temperature=0.1, temperature=0.01)


class LiteralDgae:
    """The code of a node is its tag; of a relation, its bits read as a number."""

    config = SimpleNamespace(shape=SHAPE)

    def __init__(self) -> None:
        self.evidence = CodeEvidence(SHAPE, CODES)
        tags = random_tags(2000, seed=9, shape=SHAPE)
        self.evidence.count(self.encode(tags), tags)

    def encode(self, tags: Tags) -> Tensor:
        columns = torch.cat([tags["attributes"], tags["geometry"]], dim=2)
        relations = (tags["relations"] * POWERS).sum(dim=-1)
        return SHAPE.join(tags["labels"], columns, relations, tags["places"][:, None])

    def decode(self, codes: Tensor) -> dict[str, Tensor]:
        labels, columns, relations, place = SHAPE.split(codes)
        kinds = SHAPE.kinds
        bits = (relations[..., None] // POWERS) % 2 == 1
        values = (labels, columns[..., :kinds], columns[..., kinds:], bits, place[:, 0])
        return dict(zip(TAGS, values, strict=True))


@dataclass
class Wishes:
    """A graph diffuser that always wants the same graphs, rather than any other."""

    wanted: Tensor
    conditions: list[GraphCondition] = field(default_factory=list)

    def __call__(self, z_t: Tensor, t: Tensor, condition: GraphCondition) -> Tensor:
        self.conditions.append(condition)
        return 5 * torch.nn.functional.one_hot(self.wanted, CODES).to(torch.bfloat16)


@pytest.fixture(scope="module")
def dgae() -> LiteralDgae:
    return LiteralDgae()


def evolve(
    dgae: LiteralDgae, initial: Tags, wanted: Tags, kind: str, denied: Denied | None = None
) -> tuple[dict[str, Tensor], list[GraphCondition]]:
    diffuser = Wishes(dgae.encode(wanted))
    kernel = build_kernel(KernelConfig("mask_and_replace", CODES, 10))
    feature = torch.arange(len(initial["labels"]))[:, None].float()
    noise = torch.Generator().manual_seed(0)
    given = (diffuser, kernel, dgae, initial, kind, feature, SHARP, noise)
    samples = sample_graphs(*given, denied=denied)
    return dgae.decode(samples.tokens), diffuser.conditions


@pytest.fixture
def initial() -> dict[str, Tensor]:
    """Two objects, each with one attribute, one predicate between them and no place."""
    tags = {name: torch.zeros_like(values) for name, values in random_tags(8, 0, SHAPE).items()}
    full = random_tags(8, seed=1, shape=SHAPE)
    tags["labels"][:, :2] = full["labels"][:, :2]
    tags["attributes"][:, :2, 0] = 1 + full["attributes"][:, :2, 1]
    tags["relations"][:, 0, 1] = True
    return tags


def test_evolution_keeps_what_a_text_states_and_fills_in_the_rest(
    dgae: LiteralDgae, initial: dict[str, Tensor]
) -> None:
    wanted = random_tags(8, seed=2, shape=SHAPE)
    tags, conditions = evolve(dgae, initial, wanted, "text")
    for name in ("labels", "attributes", "geometry", "places"):
        stated = initial[name] > 0
        assert torch.equal(tags[name], torch.where(stated, initial[name], wanted[name])), name
    assert tags["relations"][initial["relations"]].all()
    unstated = ~initial["relations"].any(dim=-1)
    assert torch.equal(tags["relations"][unstated], wanted["relations"][unstated])
    both = wanted["relations"][:, 0, 1]  # a wish that agrees with the text comes true in full
    assert both.any()
    assert torch.equal(tags["relations"][both, 0], wanted["relations"][both, 0])
    assert len(conditions) == 10  # never more steps than the chain has


def test_evolution_keeps_away_from_what_a_text_denies(
    dgae: LiteralDgae, initial: dict[str, Tensor]
) -> None:
    """Labels and bits that the diffuser wants, but the text denies, are nowhere."""
    wanted = random_tags(8, seed=2, shape=SHAPE)
    initial["labels"][initial["labels"] == 3] = 2
    unstated = initial["labels"] == 0
    wanted["labels"][:, 2:] = 3
    wanted["relations"][:, 1] = torch.arange(SHAPE.states) == 2
    labels, bits = torch.zeros(8, SHAPE.labels), torch.zeros_like(wanted["relations"])
    labels[:, 3], bits[:, 1, 2] = 1, True
    free, _ = evolve(dgae, initial, wanted, "text")
    kept, _ = evolve(dgae, initial, wanted, "text", Denied(labels > 0, bits))
    assert (free["labels"][unstated] == 3).all()
    assert free["relations"][:, 1, 2].all()
    assert not (kept["labels"][unstated] == 3).any()
    assert not kept["relations"][:, 1, 2].any()
    assert torch.equal(kept["labels"][~unstated], initial["labels"][~unstated])


def test_what_an_image_seems_to_show_may_be_revised(
    dgae: LiteralDgae, initial: dict[str, Tensor]
) -> None:
    wanted = random_tags(8, seed=2, shape=SHAPE)
    tags, _ = evolve(dgae, initial, wanted, "image")
    for name in TAGS:
        assert torch.equal(tags[name], wanted[name]), name


@pytest.mark.parametrize("kind", ["text", "image"])
def test_the_diffuser_sees_the_initial_graph_and_the_feature(
    dgae: LiteralDgae, initial: dict[str, Tensor], kind: str
) -> None:
    _, conditions = evolve(dgae, initial, random_tags(8, seed=2, shape=SHAPE), kind)
    for condition in conditions:
        assert torch.equal(condition.initial, dgae.encode(initial))
        assert torch.equal(condition.stated, presence(initial, SHAPE))
        assert condition.context[:, 0, 0].tolist() == list(range(8))
        assert condition.kind == kind


@dataclass
class GuidedDiffuser:
    """Prefers code 0, with the condition only by a little over code 1."""

    config = SimpleNamespace(tokens=4, is_grid=True)
    dropped: list[bool] = field(default_factory=list)

    def read(self, condition: TokenCondition) -> TokenCondition:
        return condition

    def predict(self, z_t: Tensor, t: Tensor, condition: TokenCondition) -> Tensor:
        alone = condition.dropped is not None and bool(condition.dropped.all())
        self.dropped.append(alone)
        return torch.tensor([1.0, 0.0 if alone else 0.9, 0.0]).expand(*z_t.shape, 3)


class Painter:
    """Features of codes are the codes; the picture is brighter than white where a code is 1."""

    def features(self, codes: Tensor) -> Tensor:
        return codes

    def __call__(self, features: Tensor, tags: Tags) -> Tensor:
        return (3.0 * features - 2).reshape(-1, 1, 2, 2).expand(-1, 3, -1, -1)


def draw(guidance: float) -> tuple[Tensor, list[bool]]:
    diffuser, painter = GuidedDiffuser(), Painter()
    kernel = build_kernel(KernelConfig("mask_and_replace", 3, 6))
    condition = TokenCondition(random_tags(2, shape=SHAPE), torch.zeros(2, 5))
    options = SamplingOptions(steps=6, temperature=0.01, guidance=guidance)
    noise = torch.Generator().manual_seed(0)
    return draw_images(diffuser, kernel, painter, painter, condition, options, noise), (
        diffuser.dropped
    )


def test_guidance_draws_what_the_condition_adds() -> None:
    """u + g (c - u) is (1, 0.9, 0) at g = 1 and (1, 2.7, 0) at g = 3."""
    plain, asked = draw(guidance=1)
    assert not any(asked)
    assert (plain == -1).all()  # code 0, and no colour below black
    guided, asked = draw(guidance=3)
    assert sum(asked) == len(asked) / 2 == 6
    assert (guided == 1).all()
    assert guided.shape == (2, 3, 2, 2)


def test_captions_are_written_from_codes_and_graph_without_guidance() -> None:
    diffuser, tags = GuidedDiffuser(), random_tags(2, shape=SHAPE)
    decoder = SimpleNamespace(generate=lambda codes, given: (codes, given))
    kernel = build_kernel(KernelConfig("mask_and_replace", 3, 6))
    options = SamplingOptions(steps=3, temperature=0.01, guidance=3)
    condition = TokenCondition(tags, torch.zeros(2, 5))
    noise = torch.Generator().manual_seed(0)
    codes, given = write_captions(diffuser, kernel, decoder, condition, options, noise)
    assert codes.tolist() == [[0] * 4] * 2
    assert given is tags
    assert diffuser.dropped == [False] * 3


def test_text_codes_are_noised_again_before_they_are_decoded() -> None:
    diffuser, tags = GuidedDiffuser(), random_tags(200, shape=SHAPE)
    decoder = SimpleNamespace(generate=lambda codes, given: codes, graph="some")
    blind = SimpleNamespace(generate=lambda codes, given: codes, graph=None)
    kernel = build_kernel(KernelConfig("absorbing", 3, 20))
    condition = TokenCondition(tags, torch.zeros(200, 5))

    def written(share: float, decoder: SimpleNamespace = decoder) -> Tensor:
        options = SamplingOptions(steps=3, temperature=0.01, text_noise=share)
        noise = [torch.Generator().manual_seed(k) for k in range(200)]
        return write_captions(diffuser, kernel, decoder, condition, options, noise)

    assert not (written(0.0) == kernel.mask_index).any()
    assert (written(1.0) == kernel.mask_index).all()
    assert not (written(1.0, blind) == kernel.mask_index).any()  # nothing mends them
    some = written(0.75)
    assert (some == kernel.mask_index).float().mean() == pytest.approx(0.75, abs=0.05)
    assert (some[some != kernel.mask_index] == 0).all()
    with pytest.raises(ValueError, match=r"text_noise must lie in 0\.\.1, got 1\.5"):
        SamplingOptions(text_noise=1.5)


def test_graphs_are_revealed_kind_by_kind(dgae: LiteralDgae, initial: dict[str, Tensor]) -> None:
    """Labels and the place, then property after property, then relations: none before its turn."""
    wanted = random_tags(8, seed=2, shape=SHAPE)
    columns = SHAPE.columns
    rank = torch.where(columns == columns.max(), 0, columns)
    kernel = build_kernel(KernelConfig("absorbing", CODES, 40))
    options = SamplingOptions(steps=2, graph_steps=40, graph_order="kinds", graph_temperature=0.1)
    samples = sample_graphs(
        Wishes(dgae.encode(wanted)),
        kernel,
        dgae,
        initial,
        "image",
        torch.zeros(8, 1),
        options,
        [torch.Generator().manual_seed(k) for k in range(8)],
        return_trajectory=True,
    )
    assert len(samples.times) == 41
    known = (samples.trajectory < CODES).float()
    first = 41 - known.sum(dim=0)  # when each node was revealed, (8, nodes)
    for graph in first:
        by_time = rank[graph.argsort(stable=True)]
        assert (by_time.diff() >= 0).all()
    labels = first[:, columns == 0]
    assert len(torch.unique(labels[:, 0])) > 1  # within a kind by chance
    with pytest.raises(ValueError, match="graph_order must be one of chance, kinds, got 'labels'"):
        SamplingOptions(graph_order="labels")


@pytest.mark.parametrize("name", ["uniform", "continuous"])
def test_kernels_without_mask_have_no_order_of_kinds(
    dgae: LiteralDgae, initial: dict[str, Tensor], name: str
) -> None:
    """What the variants of Table 6 with other kernels are drawn by."""
    kernel = build_kernel(KernelConfig(name, CODES, 10))
    wishes = Wishes(dgae.encode(random_tags(8, seed=2, shape=SHAPE)))

    def drawn(order: str) -> Tensor:
        options = SamplingOptions(graph_steps=5, graph_order=order)
        noise = [torch.Generator().manual_seed(k) for k in range(8)]
        given = (initial, "image", torch.zeros(8, 1), options, noise)
        return sample_graphs(wishes, kernel, dgae, *given).tokens

    assert torch.equal(drawn("kinds"), drawn("chance"))
