"""Nodes of a slot-aligned scene graph as tokens: their order, their tags, who touches whom.

Node order along the token axis, for S slots, C properties a slot (attribute kinds, then geometry)
and R = S(S-1)/2 pairs:  objects (S) | properties (S·C) | relations (R) | place (1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.tag_words import SaidTags, TagWords
from spatial_dual.scene.layout import GEOMETRY, GEOMETRY_BINS
from spatial_dual.scene.tensors import GraphCodec

Tags = Mapping[str, Tensor]
"""``GraphTensors.arrays()`` as tensors: labels, attributes, geometry, relations, places."""


TAG_NAMES = ("labels", "attributes", "geometry", "relations", "places")


def take_tags(batch: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tags that a batch holds under ``<prefix>_<name>``."""
    tags = {name: batch[f"{prefix}_{name}"] for name in TAG_NAMES}
    return tags | {"relations": tags["relations"].bool()}


@dataclass(frozen=True)
class NodeShape:
    """Counts that fix the tag spaces of a graph; tag 0 ("none") is counted in each.

    Attributes:
        slots: object slots.
        labels: object tags.
        attributes: tags of each attribute kind.
        converse: for each directed predicate of a pair (a bit), the bit that says the same of the
            pair read from its other end.
        places: place tags.
    """

    slots: int
    labels: int
    attributes: tuple[int, ...]
    converse: tuple[int, ...]
    places: int

    def __post_init__(self) -> None:
        # JSON gives lists
        object.__setattr__(self, "attributes", tuple(self.attributes))
        object.__setattr__(self, "converse", tuple(self.converse))
        if self.slots < 2:
            raise ValueError(f"slots must be at least 2, got {self.slots}")
        if [self.converse[c] for c in self.converse] != list(range(self.states)):
            raise ValueError(f"converse must pair up its states, got {self.converse}")

    @classmethod
    def of(cls, codec: GraphCodec) -> Self:
        """Shape of the tensors that ``codec`` writes."""
        vocabulary = codec.vocabulary
        return cls(
            slots=codec.slots,
            labels=1 + len(vocabulary.labels),
            attributes=tuple(1 + len(words) for words in vocabulary.attributes.values()),
            converse=codec.converse,
            places=1 + len(vocabulary.places),
        )

    @property
    def states(self) -> int:
        """Directed predicates of a pair (bits)."""
        return len(self.converse)

    @property
    def kinds(self) -> int:
        """Attribute nodes of a slot."""
        return len(self.attributes)

    @property
    def properties(self) -> int:
        """Attribute and geometry nodes of a slot."""
        return self.kinds + len(GEOMETRY)

    @property
    def pairs(self) -> int:
        """Relation nodes."""
        return self.slots * (self.slots - 1) // 2

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Tokens of each group: objects, properties, relations, place."""
        return self.slots, self.slots * self.properties, self.pairs, 1

    @property
    def nodes(self) -> int:
        """All tokens."""
        return sum(self.sizes)

    @property
    def property_tags(self) -> tuple[int, ...]:
        """Tags of each property column."""
        return (*self.attributes, *([1 + GEOMETRY_BINS] * len(GEOMETRY)))

    @property
    def columns(self) -> Tensor:
        """Kind of every token, (nodes,): 0 label, 1..C property, C + 1 relation, C + 2 place."""
        properties = torch.arange(1, 1 + self.properties).repeat(self.slots)
        relation = torch.full((self.pairs,), 1 + self.properties)
        return torch.cat([torch.zeros(self.slots).long(), properties, relation, relation[:1] + 1])

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(batch, nodes, …) to objects, properties (batch, slots, C, …), relations, place."""
        objects, properties, relations, place = x.split(self.sizes, dim=1)
        return objects, properties.unflatten(1, (self.slots, self.properties)), relations, place

    @staticmethod
    def join(objects: Tensor, properties: Tensor, relations: Tensor, place: Tensor) -> Tensor:
        """Inverse of ``split``."""
        return torch.cat([objects, properties.flatten(1, 2), relations, place], dim=1)


def presence(tags: Tags, shape: NodeShape) -> Tensor:
    """(batch, nodes) bool: which nodes say anything."""
    properties = torch.cat([tags["attributes"], tags["geometry"]], dim=2)
    return shape.join(
        tags["labels"] > 0,
        properties > 0,
        tags["relations"].any(dim=-1),
        tags["places"][:, None] > 0,
    )


def open_nodes(tags: Tags, shape: NodeShape) -> Tensor:
    """(batch, nodes) bool: which nodes could say something, given the objects that there are.

    All but the properties of empty slots and the relations of a pair that is not there.
    """
    objects = tags["labels"] > 0
    first, second = torch.triu_indices(shape.slots, shape.slots, offset=1)
    return shape.join(
        torch.ones_like(objects),
        objects[:, :, None].expand(-1, -1, shape.properties),
        objects[:, first] & objects[:, second],
        torch.ones_like(objects[:, :1]),
    )


def shown_only(tags: Tags, shown: Tensor, shape: NodeShape) -> dict[str, Tensor]:
    """The tags of the nodes that ``shown`` (batch, nodes) bool names; all others say nothing."""
    objects, properties, relations, place = shape.split(shown)
    return {
        "labels": tags["labels"] * objects,
        "attributes": tags["attributes"] * properties[:, :, : shape.kinds],
        "geometry": tags["geometry"] * properties[:, :, shape.kinds :],
        "relations": tags["relations"] & relations[..., None],
        "places": tags["places"] * place[:, 0],
    }


class NodeEmbedding(nn.Module):
    """Tag embedding of every node: (batch, nodes, dim); a relation sums its predicates."""

    starts: Tensor

    def __init__(self, shape: NodeShape, dim: int) -> None:
        super().__init__()
        self.shape = shape
        self.labels = nn.Embedding(shape.labels, dim)
        self.properties = nn.Embedding(sum(shape.property_tags), dim)
        self.predicates = nn.Parameter(torch.randn(shape.states, dim))
        self.no_relation = nn.Parameter(torch.randn(dim))
        self.places = nn.Embedding(shape.places, dim)
        starts = torch.tensor([0, *shape.property_tags[:-1]]).cumsum(0)
        self.register_buffer("starts", starts, persistent=False)

    def forward(self, tags: Tags) -> Tensor:
        """Look up the tags of a batch of graphs."""
        columns = torch.cat([tags["attributes"], tags["geometry"]], dim=2)  # (b, slots, C)
        bits = tags["relations"]
        none = (~bits.any(dim=-1, keepdim=True)).to(self.predicates.dtype)
        return self.shape.join(
            self.labels(tags["labels"]),
            self.properties(columns + self.starts),
            bits.to(self.predicates.dtype) @ self.predicates + none * self.no_relation,
            self.places(tags["places"])[:, None],
        )


class EdgeMessages(nn.Module):
    """What object, relation and place nodes hear along the edges of the graph.

    relation ← W_s subject + W_o object; object ← its relations; place ← mean of the objects.
    Equivariant to renumbered slots, the relations' ends renumbered with them.
    """

    ends: Tensor

    def __init__(self, slots: int, dim: int) -> None:
        super().__init__()
        self.slots = slots
        self.subject, self.object, self.as_subject, self.as_object, self.to_place = (
            nn.Linear(dim, dim, bias=False) for _ in range(5)
        )
        ends = torch.triu_indices(slots, slots, offset=1)  # (2, pairs)
        self.register_buffer("ends", ends, persistent=False)

    def forward(self, objects: Tensor, relations: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Messages to objects (b, slots, d), relations (b, pairs, d) and place (b, 1, d)."""
        first, second = self.ends
        to_relations = self.subject(objects)[:, first] + self.object(objects)[:, second]
        incidence = F.one_hot(self.ends, self.slots).to(relations.dtype).transpose(1, 2)
        heard = incidence[0] @ self.as_subject(relations)  # (slots, pairs) @ (b, pairs, d)
        heard = heard + incidence[1] @ self.as_object(relations)
        to_place = self.to_place(objects.mean(dim=1, keepdim=True))
        return heard / self.slots, to_relations, to_place


class StructureMix(nn.Module):
    """One round of messages over all nodes: edges, and properties with their object."""

    def __init__(self, shape: NodeShape, dim: int) -> None:
        super().__init__()
        self.shape = shape
        self.norm = nn.LayerNorm(dim)
        self.from_properties = nn.Linear(dim, dim, bias=False)
        self.to_properties = nn.Linear(dim, dim, bias=False)
        self.edges = EdgeMessages(shape.slots, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Add one round of messages to x (batch, nodes, dim)."""
        objects, properties, relations, _ = self.shape.split(self.norm(x))
        heard = self.from_properties(properties.sum(dim=2))
        to_objects, to_relations, to_place = self.edges(objects + heard, relations)
        to_properties = self.to_properties(objects)[:, :, None].expand_as(properties)
        return x + self.shape.join(heard + to_objects, to_properties, to_relations, to_place)


class GraphTokens(nn.Module):
    """c_G: the nodes of a 3DSG as condition tokens (paper: "node features of the 3DSG").

    An object token carries its attributes; an attribute token its object. A relation node gives two
    tokens, one as read from each end: the plain sum of the predicates that hold in that direction
    and of the linearly mapped subject and object. Subject and predicate at hand, one look of
    attention finds the object, so that copying a relation into another modality is a matter of
    attention, not of memory. Geometry is left to ``LayoutMap``: its five tags, added in, would
    drown label and attributes.

    Args:
        shape: tag spaces of the graphs.
        dim: width of the tokens.
        words: words of the tags, for a text model; it hands its word embeddings to ``forward``.
    """

    ends: Tensor
    converse: Tensor
    kind_starts: Tensor

    def __init__(self, shape: NodeShape, dim: int, words: TagWords | None = None) -> None:
        super().__init__()
        self.shape = shape
        sizes = (shape.labels, sum(shape.attributes), shape.states, shape.places)
        self.tags = nn.ParameterList(torch.randn(size, dim) for size in sizes)
        self.said = SaidTags(words) if words else None
        if words:  # the words tell tags apart from the start
            for table in self.tags:
                nn.init.zeros_(table)
        self.subject = nn.Linear(dim, dim, bias=False)
        self.object = nn.Linear(dim, dim, bias=False)
        self.owner = nn.Linear(dim, dim, bias=False)
        ends = torch.triu_indices(shape.slots, shape.slots, offset=1)
        self.register_buffer("ends", ends, persistent=False)
        self.register_buffer("converse", torch.tensor(shape.converse), persistent=False)
        starts = torch.tensor([0, *shape.attributes[:-1]]).cumsum(0)
        self.register_buffer("kind_starts", starts, persistent=False)

    @property
    def tokens(self) -> int:
        """Condition tokens a graph: objects, attributes, relations from both ends, place."""
        return self.shape.slots * (1 + self.shape.kinds) + 2 * self.shape.pairs + 1

    def forward(self, tags: Tags, word_table: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Condition tokens (batch, tokens, dim) and which of them are nodes (batch, tokens).

        ``word_table`` (vocabulary, dim) are the word embeddings of a model with ``words``.

        Raises:
            ValueError: there are ``words``, but no table to look them up in.
        """
        labels, kinds, predicates, places = self._tables(word_table)
        objects = labels[tags["labels"]]  # (b, slots, d)
        attributes = kinds[tags["attributes"] + self.kind_starts]  # (b, slots, kinds, d)
        # tag 0 of a kind says nothing
        attributes = attributes * (tags["attributes"] > 0)[..., None]
        whole = objects + attributes.sum(dim=2)
        subjects, targets = self.subject(whole), self.object(whole)
        first, second = self.ends
        bits = tags["relations"].to(predicates.dtype)
        forward = bits @ predicates + subjects[:, first] + targets[:, second]
        backward = bits[..., self.converse] @ predicates + subjects[:, second] + targets[:, first]
        owned = attributes + self.owner(objects)[:, :, None]
        place = places[tags["places"]][:, None]
        nodes = torch.cat([whole, owned.flatten(1, 2), forward, backward, place], dim=1)
        return nodes, self._there(tags)

    def _tables(self, word_table: Tensor | None) -> list[Tensor]:
        """Embeddings of labels, attributes, predicates and places, (tags, dim) each."""
        if self.said is None:
            return list(self.tags)
        if word_table is None:
            raise ValueError(
                "GraphTokens was made with words, so it needs word_table, the word embeddings of "
                "its model: its own tables alone start at zero and tell no tags apart"
            )
        return [own + said for own, said in zip(self.tags, self.said(word_table), strict=True)]

    def _there(self, tags: Tags) -> Tensor:
        objects = tags["labels"] > 0
        attributes = (tags["attributes"] > 0) & objects[..., None]
        first, second = self.ends
        relations = tags["relations"].any(dim=-1) & objects[:, first] & objects[:, second]
        place = tags["places"][:, None] > 0
        return torch.cat([objects, attributes.flatten(1, 2), relations, relations, place], dim=1)
