"""Node order, presence, and condition tokens of a graph."""

import pytest
import torch

from spatial_dual.models.graph_nodes import (
    GraphTokens,
    NodeEmbedding,
    open_nodes,
    presence,
    shown_only,
)
from tests.models.graphs import SHAPE, random_tags, said_in


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


def test_open_nodes_are_those_of_objects_and_pairs_that_are_there() -> None:
    tags = random_tags(3)
    tags["labels"][0] = 0
    objects, properties, relations, place = SHAPE.split(open_nodes(tags, SHAPE))
    assert objects.all()
    assert place.all()
    for row in range(3):
        there = (tags["labels"][row] > 0).tolist()
        assert properties[row].tolist() == [[exists] * SHAPE.properties for exists in there]
        pairs = [there[i] and there[j] for i in range(4) for j in range(i + 1, 4)]
        assert relations[row].tolist() == pairs


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


def test_relation_tokens_are_the_sum_of_predicates_and_mapped_ends_from_either_side() -> None:
    """Written out for one pair: slots 0 and 2 are pair 1 of 4 slots."""
    tokens = GraphTokens(SHAPE, 8)
    tags = random_tags(1)
    tags["attributes"][0, 0] = torch.tensor([0, 2])  # tag 0, nothing said, adds nothing
    tags["relations"][0, 1] = False
    tags["relations"][0, 1, [0, 2, 5]] = True
    nodes, valid = tokens(tags)
    labels, attributes, predicates, _ = tokens.tags
    starts = (0, SHAPE.attributes[0])
    whole = [
        labels[tags["labels"][0, slot]]
        + sum(
            attributes[start + tag]
            for start, tag in zip(starts, tags["attributes"][0, slot].tolist(), strict=True)
            if tag
        )
        for slot in (0, 2)
    ]
    forward = sum(predicates[n] for n in (0, 2, 5))
    backward = sum(predicates[SHAPE.converse[n]] for n in (0, 2, 5))
    start = SHAPE.slots * (1 + SHAPE.kinds)
    expected = forward + tokens.subject(whole[0]) + tokens.object(whole[1])
    assert torch.allclose(nodes[0, start + 1], expected, atol=1e-6)
    expected = backward + tokens.subject(whole[1]) + tokens.object(whole[0])
    assert torch.allclose(nodes[0, start + SHAPE.pairs + 1], expected, atol=1e-6)
    assert nodes.shape == (1, tokens.tokens, 8)
    assert valid.shape == (1, tokens.tokens)


def test_a_graph_said_from_the_other_end_gives_the_same_tokens() -> None:
    """Slots in reversed order, bits turned: the same set of relation tokens."""
    tokens = GraphTokens(SHAPE, 8)
    tags = random_tags(1)
    slots, pairs = SHAPE.slots, torch.triu_indices(SHAPE.slots, SHAPE.slots, offset=1)
    number = {(int(i), int(j)): n for n, (i, j) in enumerate(pairs.T)}
    turned = [number[slots - 1 - int(j), slots - 1 - int(i)] for i, j in pairs.T]
    mirrored = {
        name: values.flip(1) if values.ndim > 1 else values for name, values in tags.items()
    }
    mirrored["relations"] = tags["relations"][:, turned][..., list(SHAPE.converse)]
    start = SHAPE.slots * (1 + SHAPE.kinds)
    rows = [tokens(t)[0][0, start:-1] for t in (tags, mirrored)]
    nearest = torch.cdist(rows[0], rows[1]).amin(dim=1)
    assert nearest.max() < 1e-3


def test_with_words_a_tag_is_at_first_the_mean_of_its_words() -> None:
    words, table = said_in(12), torch.randn(12, 8)
    nodes, _ = GraphTokens(SHAPE, 8, words)(random_tags(1), table)
    tags = random_tags(1)
    tags["attributes"][:] = 0
    nodes, _ = GraphTokens(SHAPE, 8, words)(tags, table)
    ids = list(words.labels[int(tags["labels"][0, 1])])
    assert torch.allclose(nodes[0, 1], table[ids].mean(dim=0), atol=1e-6)


def test_words_without_their_table_are_refused() -> None:
    with pytest.raises(ValueError, match="needs word_table"):
        GraphTokens(SHAPE, 8, said_in(12))(random_tags(1))


def test_tokens_of_empty_slots_and_their_relations_are_hidden() -> None:
    tags = random_tags(2)
    tags["relations"][:] = True
    _, valid = GraphTokens(SHAPE, 8)(tags)
    relations = valid[:, SHAPE.slots * (1 + SHAPE.kinds) : -1]
    # pairs with the empty slot 3: (0, 3), (1, 3), (2, 3)
    assert relations[0].tolist() == 2 * [True, True, False, True, False, False]
