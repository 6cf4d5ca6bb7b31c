"""Small random graphs as tags, for the tests of models."""

import torch
from torch import Tensor

from spatial_dual.models.graph_nodes import NodeShape, Tags
from spatial_dual.models.tag_words import TagWords

SHAPE = NodeShape(slots=4, labels=6, attributes=(4, 3), converse=(1, 0, 2, 4, 3, 6, 5), places=3)


def said_in(vocabulary: int, shape: NodeShape = SHAPE) -> TagWords:
    """Words of all tags, one or two each, from a vocabulary whose first four are special."""
    generator = torch.Generator().manual_seed(0)

    def words(tags: int, wordless: int = 1) -> tuple[tuple[int, ...], ...]:
        ids = torch.randint(4, vocabulary, (tags, 2), generator=generator).tolist()
        return tuple(() if n < wordless else tuple(row[: 1 + n % 2]) for n, row in enumerate(ids))

    attributes = tuple(word for count in shape.attributes for word in words(count))
    return TagWords(words(shape.labels), attributes, words(shape.states, 0), words(shape.places))


def random_tags(batch: int, seed: int = 0, shape: NodeShape = SHAPE) -> dict[str, Tensor]:
    """Tags of ``batch`` graphs; the last slot of each is empty."""
    generator = torch.Generator().manual_seed(seed)

    def draw(high: int, *size: int) -> Tensor:
        return torch.randint(0, high, (batch, *size), generator=generator)

    labels = draw(shape.labels - 1, shape.slots) + 1
    labels[:, -1] = 0
    attributes = torch.stack([draw(n, shape.slots) for n in shape.attributes], dim=2)
    bits = torch.rand((batch, shape.pairs, shape.states), generator=generator) < 0.3
    there = labels > 0
    return {
        "labels": labels,
        "attributes": attributes * there[..., None],
        "geometry": draw(17, shape.slots, 5) * there[..., None],
        "relations": bits,
        "places": draw(shape.places),
    }


def renumbered(tags: Tags, order: Tensor, shape: NodeShape = SHAPE) -> dict[str, Tensor]:
    """The same graphs, slot k of each holding what its slot ``order[k]`` held, (batch, slots)."""
    full = torch.zeros(*tags["labels"].shape, shape.slots, shape.states, dtype=torch.bool)
    first, second = torch.triu_indices(shape.slots, shape.slots, offset=1)
    full[:, first, second] = tags["relations"]
    full[:, second, first] = tags["relations"][..., list(shape.converse)]
    rows = torch.arange(len(order))[:, None]
    full = full[rows[..., None], order[:, :, None], order[:, None]]
    slots = {name: tags[name][rows, order] for name in ("labels", "attributes", "geometry")}
    return {**tags, **slots, "relations": full[:, first, second]}
