"""Discrete graph auto-encoder: quantisation (13), decoding (20), equivariance, loss (21)."""

import math

import pytest
import torch

from spatial_dual.models.code_evidence import CodeEvidence
from spatial_dual.models.dgae import GATE_RATE, Dgae, DgaeConfig, reconstruction_loss
from spatial_dual.models.graph_nodes import EdgeMessages
from spatial_dual.training.objectives.dgae import thin_out
from tests.models.graphs import SHAPE, random_tags


def make_dgae(levels: tuple[int, ...] = (5, 3)) -> Dgae:
    torch.manual_seed(0)
    return Dgae(DgaeConfig(SHAPE, dim=16, levels=levels, rounds=2, heads=2)).eval()


def test_each_latent_dimension_takes_its_levels_and_codes_index_their_product() -> None:
    """For an odd L the rounded value is round((L - 1)/2 · tanh z), Eq. 13 with L levels."""
    dgae = make_dgae((5, 3))
    z = torch.linspace(-4, 4, 101)[:, None].expand(-1, 2)[None]
    quantised, codes = dgae.quantiser(z)
    expected = torch.stack([(z[..., 0].tanh() * 2).round() / 2, z[..., 1].tanh().round()], dim=-1)
    assert torch.allclose(quantised, expected, atol=1e-6)
    levels = ((quantised + 1) * torch.tensor([2.0, 1.0])).round().long()
    assert torch.equal(codes.long(), levels[..., 0] + 5 * levels[..., 1])
    assert dgae.codes == 15


@torch.no_grad()
def test_graphs_of_damaged_weights_are_refused() -> None:
    """Before: NaN has a code, and a code's NaN features have most likely tags."""
    tags = random_tags(2)
    codes = make_dgae().encode(tags)
    for layer, ask in (("to_latent", Dgae.encode), ("from_latent", Dgae.decode)):
        dgae = make_dgae()
        for weight in getattr(dgae, layer).parameters():
            weight.fill_(torch.nan)
        with pytest.raises(FloatingPointError, match="graph auto-encoder gave NaN"):
            ask(dgae, tags if ask is Dgae.encode else codes)


def test_rounding_is_straight_through() -> None:
    """The gradient of z^q is that of the bounded latent, as if nothing had been rounded (13)."""
    dgae = make_dgae((5, 3))
    z = torch.linspace(-2, 2, 9)[None, :, None].repeat(1, 1, 2).requires_grad_()
    dgae.quantiser(z)[0].sum().backward()
    slope = 1 - z.detach().tanh().square()
    assert z.grad is not None
    assert torch.allclose(z.grad, slope, atol=1e-2)


def test_decoder_sees_nothing_but_the_codes() -> None:
    """(20): p(G | Ẑ) of the auto-encoder is that of the codes it stores, node by node."""
    dgae, tags = open_gates(make_dgae()), random_tags(2)
    from_codes = dgae.logits(dgae.features(dgae.encode(tags)))
    for name, expected in dgae(tags).items():
        for one, other in zip(from_codes[name], expected, strict=True):
            assert torch.allclose(one, other, atol=1e-5)


def open_gates(dgae: Dgae) -> Dgae:
    """As after a training that found use for all context."""
    with torch.no_grad():
        for name, gate in dgae.named_parameters():
            if name.rsplit(".", 1)[-1] == "gate":
                gate.fill_(1 / GATE_RATE)
    return dgae


def test_context_comes_in_through_the_gates_only() -> None:
    """Closed at the start: a node's code and reading are those of its own tag."""
    dgae, tags = make_dgae(), random_tags(1)
    changed = {**tags, "labels": tags["labels"].clone()}
    changed["labels"][0, 0] = tags["labels"][0, 0] % (SHAPE.labels - 1) + 1
    others = torch.arange(SHAPE.nodes) != 0
    before, after = dgae.latents(tags), dgae.latents(changed)
    assert not torch.allclose(before[:, 0], after[:, 0], atol=1e-3)
    assert torch.equal(before[:, others], after[:, others])
    assert torch.equal(dgae(tags)["labels"][:, 1:], dgae(changed)["labels"][:, 1:])
    open_gates(dgae)
    change = (dgae.latents(tags) - dgae.latents(changed)).abs().amax(dim=-1)
    properties, relations, place = SHAPE.split(change)[1:]
    assert (properties[:, 0] > 1e-5).all()
    first_slot = torch.triu_indices(SHAPE.slots, SHAPE.slots, offset=1)[0] == 0
    assert (relations[:, first_slot] > 1e-5).all()
    assert (place > 1e-5).all()


def test_codes_and_tags_follow_a_renumbering_of_the_slots() -> None:
    """Objects and properties move with their slots; relation nodes stay, their ends renumbered."""
    dgae, tags, order = open_gates(make_dgae()), random_tags(3), torch.tensor([2, 0, 3, 1])
    codes, logits = dgae.encode(tags), dgae(tags)
    place_of = order.argsort()  # old slot → new slot
    for module in dgae.modules():
        if isinstance(module, EdgeMessages):
            module.ends = place_of[module.ends]
    moved = {
        **tags,
        **{name: tags[name][:, order] for name in ("labels", "attributes", "geometry")},
    }
    objects, properties, relations, place = SHAPE.split(codes)
    expected = SHAPE.join(objects[:, order], properties[:, order], relations, place)
    assert torch.equal(dgae.encode(moved), expected)
    moved_logits = dgae(moved)
    assert torch.allclose(moved_logits["labels"], logits["labels"][:, order], atol=1e-4)
    assert torch.allclose(moved_logits["relations"], logits["relations"], atol=1e-4)


def test_reconstruction_loss_is_the_negative_log_likelihood_of_the_tags() -> None:
    """Summed by hand over one graph: labels, properties of objects, bits of real pairs, place."""
    dgae, tags = make_dgae(), random_tags(1)
    with torch.no_grad():
        logits = dgae(tags)
    nats = 0.0
    columns = torch.cat([tags["attributes"], tags["geometry"]], dim=2)[0]
    for slot in range(SHAPE.slots):
        label = int(tags["labels"][0, slot])
        nats -= float(logits["labels"][0, slot].log_softmax(-1)[label])
        if label:
            for n, head in enumerate(logits["properties"]):
                nats -= float(head[0, slot].log_softmax(-1)[columns[slot, n]])
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    for pair, (_, j) in enumerate(pairs):
        if j == 3:  # the empty slot
            continue
        for state in range(SHAPE.states):
            p = float(logits["relations"][0, pair, state].sigmoid())
            nats -= math.log(p if tags["relations"][0, pair, state] else 1 - p)
    nats -= float(logits["places"][0].log_softmax(-1)[tags["places"][0]])
    assert float(reconstruction_loss(logits, tags)["loss"]) == pytest.approx(nats, rel=1e-4)


def test_a_few_graphs_are_learnt_by_heart() -> None:
    dgae, tags = make_dgae((5, 5, 5)).train(), random_tags(4)
    optimizer = torch.optim.Adam(dgae.parameters(), lr=1e-2)
    for _ in range(250):
        optimizer.zero_grad()
        reconstruction_loss(dgae(tags), tags)["loss"].backward()
        optimizer.step()
    decoded = dgae.eval().decode(dgae.encode(tags))
    assert torch.equal(decoded["labels"], tags["labels"])
    assert torch.equal(decoded["attributes"], tags["attributes"])
    assert torch.equal(decoded["places"], tags["places"])


def test_thinning_drops_nodes_but_never_adds_or_changes_any() -> None:
    tags = random_tags(200)
    thin = thin_out(tags, torch.Generator().manual_seed(1))
    for name in ("labels", "attributes", "geometry", "places"):
        assert torch.equal(thin[name][thin[name] > 0], tags[name][thin[name] > 0])
    assert not (thin["relations"] & ~tags["relations"]).any()
    gone = thin["labels"] == 0
    assert not thin["attributes"][gone].any()
    assert not thin["geometry"][gone].any()
    unchanged = torch.stack([(thin[n] == tags[n]).flatten(1).all(1) for n in ("labels",)]).all(0)
    assert 0.3 < float(unchanged.float().mean()) < 0.85


def test_evidence_counts_tags_by_code() -> None:
    evidence, tags = CodeEvidence(SHAPE, codes=3), random_tags(50)
    # a code that says all about the label: its parity
    codes = torch.zeros(50, SHAPE.nodes, dtype=torch.long)
    codes[:, : SHAPE.slots] = tags["labels"] % 2
    evidence.count(codes, tags)
    scores = evidence.log_likelihood(tags)
    objects = SHAPE.split(scores)[0]
    stated = tags["labels"] > 0
    right = objects.gather(2, (tags["labels"] % 2)[..., None])[..., 0]
    wrong = objects.gather(2, (1 - tags["labels"] % 2)[..., None])[..., 0]
    assert (right[stated] > wrong[stated] + 2).all()
    assert not objects[~stated].any()


@pytest.mark.parametrize(("field", "value"), [("levels", (1, 3)), ("dim", 15)])
def test_bad_sizes_are_refused_with_their_value(field: str, value: object) -> None:
    options = {"dim": 16, "levels": (5, 3), "heads": 2, field: value}
    with pytest.raises(ValueError, match=str(value).replace("(", r"\(").replace(")", r"\)")):
        DgaeConfig(SHAPE, **options)


def test_a_code_never_seen_on_a_pair_supports_no_predicate() -> None:
    evidence, tags = CodeEvidence(SHAPE, codes=3), random_tags(50)
    tags["relations"][:] = False
    tags["relations"][..., 2] = True
    evidence.count(torch.zeros(50, SHAPE.nodes, dtype=torch.long), tags)
    relations = SHAPE.split(evidence.log_likelihood(tags))[2]
    assert torch.allclose(relations[..., 0], torch.zeros(()), atol=0.01)
    # an unseen code spreads its smoothing over all predicates
    assert torch.allclose(relations[..., 1], -torch.tensor(float(SHAPE.states)).log(), atol=1e-4)
