"""Scene graphs as arrays of node tags, and back.

A graph of at most ``slots`` objects becomes five arrays. Relation nodes stand for unordered pairs
of slots (i < j); each holds a set of directed predicates, one bit each. A predicate with a named
converse needs one bit ("i left of j" is "j right of i"); "on", "in", "part of" and verbs need two.
Every combination of tags is a valid graph: tags of empty slots are ignored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spatial_dual.scene.graph import (
    INVERSE_PREDICATE,
    Relation,
    SceneGraph,
    SceneObject,
    Source,
)
from spatial_dual.scene.layout import (
    GEOMETRY,
    bins_to_geometry,
    geometry_to_bins,
    geometry_values,
    region_of,
)
from spatial_dual.scene.vocabulary import Vocabulary, attribute_kind

EMPTY = -1
"""In an object order: a slot without object."""


@dataclass(frozen=True)
class GraphTensors:
    """A batch of graphs as tags; 0 is "none or not stated" in each integer array.

    Attributes:
        labels: (batch, slots) object nodes.
        attributes: (batch, slots, kinds) attribute nodes.
        geometry: (batch, slots, 5) geometry nodes, bins of ``layout.GEOMETRY``.
        relations: (batch, pairs, states) bool, relation nodes.
        places: (batch,) place node.
    """

    labels: NDArray[np.int64]
    attributes: NDArray[np.int64]
    geometry: NDArray[np.int64]
    relations: NDArray[np.bool_]
    places: NDArray[np.int64]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The five arrays by name."""
        return dict(self.__dict__)

    def __len__(self) -> int:
        return len(self.labels)


class GraphCodec:
    """Translates between graphs and tags for one vocabulary and number of slots."""

    def __init__(self, vocabulary: Vocabulary, slots: int) -> None:
        self.vocabulary, self.slots = vocabulary, slots
        self.kinds = tuple(vocabulary.attributes)
        self.pairs = np.stack(np.triu_indices(slots, k=1), axis=1)  # (pairs, 2), i < j
        self._pair_index = {(int(i), int(j)): n for n, (i, j) in enumerate(self.pairs)}
        self._labels = _ids(vocabulary.labels)
        self._attributes = {k: _ids(words) for k, words in vocabulary.attributes.items()}
        self._places = _ids(vocabulary.places)

    @cached_property
    def states(self) -> tuple[tuple[str, bool], ...]:
        """(predicate, reversed) of each relation bit; reversed means "j predicate i"."""
        forward = [(p, False) for p in self.vocabulary.predicates]
        one_way = [(p, True) for p in self.vocabulary.predicates if p not in INVERSE_PREDICATE]
        return tuple(forward + one_way)

    @cached_property
    def converse(self) -> tuple[int, ...]:
        """For each relation bit, the bit that says the same of the pair (j, i)."""
        index = self._state_index
        turned = ((INVERSE_PREDICATE.get(p), p, r) for p, r in self.states)
        return tuple(index[inverse or p, not r and inverse is None] for inverse, p, r in turned)

    @cached_property
    def _state_index(self) -> dict[tuple[str, bool], int]:
        index = {state: n for n, state in enumerate(self.states)}
        # "j left of i" is stored as "i right of j"
        index |= {(p, True): index[(inverse, False)] for p, inverse in INVERSE_PREDICATE.items()}
        return index

    def encode(
        self, graphs: Sequence[SceneGraph], orders: Sequence[Sequence[int]] | None = None
    ) -> GraphTensors:
        """Tags of the graphs; words outside the vocabulary become "not stated".

        What is negated, and all alternatives but the first, leave their slots empty.

        Args:
            graphs: the graphs.
            orders: for each graph the object index of each slot (``EMPTY`` for none); by default
                objects keep their order and those beyond ``slots`` are left out.
        """
        count, slots = len(graphs), self.slots
        tensors = GraphTensors(
            np.zeros((count, slots), np.int64),
            np.zeros((count, slots, len(self.kinds)), np.int64),
            np.zeros((count, slots, len(GEOMETRY)), np.int64),
            np.zeros((count, len(self.pairs), len(self.states)), np.bool_),
            np.zeros(count, np.int64),
        )
        values = np.full((count, slots, len(GEOMETRY)), np.nan)
        for row, graph in enumerate(graphs):
            hidden = {EMPTY, *graph.left_out()}
            shown = [item for item in range(len(graph.objects)) if item not in hidden]
            order = shown if orders is None else orders[row]
            slot_of = {item: slot for slot, item in enumerate(order[:slots]) if item not in hidden}
            for item, slot in slot_of.items():
                values[row, slot] = geometry_values(graph.objects[item])
                self._encode_object(graph.objects[item], tensors, row, slot)
            for relation in graph.relations:
                self._encode_relation(relation, slot_of, tensors.relations[row])
            tensors.places[row] = self._places.get(graph.place or "", 0)
        tensors.geometry[:] = geometry_to_bins(values)
        return tensors

    def encode_denials(
        self, graphs: Sequence[SceneGraph], orders: Sequence[Sequence[int]]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """What graphs say is not so: labels of no object, and relation bits of pairs.

        A label that another object of the graph has is not denied to all.

        Args:
            graphs: the graphs.
            orders: object index of each slot, as of ``encode``.

        Returns:
            (batch, labels + 1) bool, and (batch, pairs, states) bool.
        """
        labels = np.zeros((len(graphs), 1 + len(self._labels)), np.bool_)
        bits = np.zeros((len(graphs), len(self.pairs), len(self.states)), np.bool_)
        for row, (graph, order) in enumerate(zip(graphs, orders, strict=True)):
            hidden = {EMPTY, *graph.left_out()}
            there = {item.label for item in graph.objects if not item.negated}
            for item in graph.objects:
                if item.negated and item.label not in there:
                    labels[row, self._labels.get(item.label, 0)] = True
            slot_of = {item: n for n, item in enumerate(order[: self.slots]) if item not in hidden}
            for relation in graph.relations:
                if relation.negated:
                    self._set_bit(relation, slot_of, bits[row])
        labels[:, 0] = False
        return labels, bits

    def _encode_object(self, item: SceneObject, tensors: GraphTensors, row: int, slot: int) -> None:
        tensors.labels[row, slot] = self._labels.get(item.label, 0)
        for word in item.attributes:
            kind = attribute_kind(word)
            if kind in self._attributes:
                tag = self._attributes[kind].get(word, 0)
                tensors.attributes[row, slot, self.kinds.index(kind)] = tag

    def _encode_relation(
        self, relation: Relation, slot_of: dict[int, int], bits: NDArray[np.bool_]
    ) -> None:
        if not relation.negated:
            self._set_bit(relation, slot_of, bits)

    def _set_bit(
        self, relation: Relation, slot_of: dict[int, int], bits: NDArray[np.bool_]
    ) -> None:
        subject, target = slot_of.get(relation.subject), slot_of.get(relation.object)
        if subject is None or target is None:
            return
        low, high = min(subject, target), max(subject, target)
        state = self._state_index.get((relation.predicate, subject > target))
        if state is not None:
            bits[self._pair_index[low, high], state] = True

    def decode(
        self,
        tensors: GraphTensors,
        source: Source = "diffusion",
        orders: Sequence[Sequence[int]] | None = None,
    ) -> list[SceneGraph]:
        """Graphs of the tags; converses are written out, empty slots left out.

        Objects come in the order of their slots or, given the ``orders`` that initial graphs were
        encoded by, those of the initial graph first and in its order.
        """
        geometry = bins_to_geometry(tensors.geometry)
        items = np.tile(np.arange(self.slots), (len(tensors), 1)) if orders is None else orders
        last = np.where(np.equal(items, EMPTY), self.slots, items)
        slots = np.argsort(last, axis=1, kind="stable")
        return [self._decode_one(tensors, geometry, n, source, s) for n, s in enumerate(slots)]

    def _decode_one(
        self,
        tensors: GraphTensors,
        geometry: NDArray[np.float64],
        row: int,
        source: Source,
        slots: NDArray[np.intp],
    ) -> SceneGraph:
        filled = slots[tensors.labels[row, slots] > 0]
        index = {int(slot): n for n, slot in enumerate(filled)}
        objects = [self._decode_object(tensors, geometry[row, s], row, int(s)) for s in filled]
        place = int(tensors.places[row])
        return SceneGraph(
            objects=tuple(objects),
            relations=tuple(self._decode_relations(tensors.relations[row], index, source)),
            place=self.vocabulary.places[place - 1] if place else None,
        )

    def _decode_object(
        self, tensors: GraphTensors, geometry: NDArray[np.float64], row: int, slot: int
    ) -> SceneObject:
        tags = tensors.attributes[row, slot]
        words = [
            self.vocabulary.attributes[k][t - 1] for k, t in zip(self.kinds, tags, strict=True) if t
        ]
        distance = float(geometry[4])
        return SceneObject(
            label=self.vocabulary.labels[tensors.labels[row, slot] - 1],
            attributes=tuple(words),
            region=region_of(geometry),
            distance=distance if np.isfinite(distance) else None,
        )

    def _decode_relations(
        self, bits: NDArray[np.bool_], index: dict[int, int], source: Source
    ) -> list[Relation]:
        relations: dict[tuple[int, str, int], None] = {}
        for pair, state in zip(*np.nonzero(bits), strict=True):
            low, high = (index.get(int(slot)) for slot in self.pairs[pair])
            if low is None or high is None:
                continue
            predicate, is_reversed = self.states[state]
            subject, target = (high, low) if is_reversed else (low, high)
            relations[subject, predicate, target] = None
            if predicate in INVERSE_PREDICATE:
                relations[target, INVERSE_PREDICATE[predicate], subject] = None
        return [Relation(subject=s, predicate=p, object=o, source=source) for s, p, o in relations]


def _ids(words: Sequence[str]) -> dict[str, int]:
    return {word: 1 + n for n, word in enumerate(words)}
