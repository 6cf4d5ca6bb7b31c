"""Node order, presence, and condition tokens of a graph."""

import torch

from spatial_dual.models.graph_nodes import GraphTokens, NodeEmbedding, presence, shown_only
from tests.models.graphs import SHAPE, random_tags


def test_split_and_join_are_inverse() -> None:
    x = torch.arange(2 * SHAPE.nodes * 3).view(2, SHAPE.nodes, 3)
    assert torch.equal(SHAPE.join(*SHAPE.split(x)), x)
    assert SHAPE.nodes == 4 + 4 * 7 + 6 + 1


def test_presence_marks_exactly_the_nodes_that_say_something() -> None:
    tags = random_tags(3)
    objects, properties, relations, place = SHAPE.split(presence(tags, SHAPE))
    assert torch.equal(objects, tags["labels"] > 0)
    assert not properties[:, -1].any()
    assert torch.equal(relations, tags["relations"].any(dim=-1))
    assert torch.equal(place[:, 0], tags["places"] > 0)


def test_only_shown_nodes_say_something() -> None:
    tags = random_tags(3)
    said = presence(tags, SHAPE)
    shown = torch.rand(said.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    held = shown_only(tags, shown, SHAPE)
    assert torch.equal(presence(held, SHAPE), said & shown)
    everything = shown_only(tags, torch.ones_like(said), SHAPE)
    assert all(torch.equal(everything[name], tags[name]) for name in tags)


def test_a_relation_is_embedded_as_the_sum_of_its_predicates() -> None:
    embed = NodeEmbedding(SHAPE, 8)
    tags = random_tags(1)
    tags["relations"][:] = False
    tags["relations"][0, 2, [1, 4]] = True
    relations = SHAPE.split(embed(tags))[2]
    assert torch.allclose(relations[0, 2], embed.predicates[1] + embed.predicates[4])
    assert torch.allclose(relations[0, 0], embed.no_relation)


def test_relation_tokens_are_the_sum_of_predicate_and_mapped_ends() -> None:
    """Written out for one pair: slots 0 and 2 are pair 1 of 4 slots."""
    tokens = GraphTokens(SHAPE, 8)
    tags = random_tags(1)
    nodes, valid = tokens(tags)
    objects, properties, relations, _ = SHAPE.split(tokens.embed(tags))
    whole = objects + properties[:, :, : SHAPE.kinds].sum(dim=2)
    expected = relations[0, 1] + tokens.subject(whole[0, 0]) + tokens.object(whole[0, 2])
    start = SHAPE.slots * (1 + SHAPE.kinds)
    assert torch.allclose(nodes[0, start + 1], expected, atol=1e-6)
    assert nodes.shape == (1, tokens.tokens, 8)
    assert valid.shape == (1, tokens.tokens)


def test_tokens_of_empty_slots_and_their_relations_are_hidden() -> None:
    tags = random_tags(2)
    tags["relations"][:] = True
    _, valid = GraphTokens(SHAPE, 8)(tags)
    relations = valid[:, SHAPE.slots * (1 + SHAPE.kinds) : -1]
    # pairs with the empty slot 3: (0, 3), (1, 3), (2, 3)
    assert relations[0].tolist() == [True, True, False, True, False, False]
