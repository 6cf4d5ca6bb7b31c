"""The words a scene graph may use, fixed by the training split."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from spatial_dual.scene.graph import GEOMETRIC_PREDICATES, SceneGraph

ATTRIBUTE_KINDS: Mapping[str, frozenset[str]] = {
    "colour": frozenset(
        [
            "red",
            "orange",
            "yellow",
            "green",
            "blue",
            "purple",
            "pink",
            "brown",
            "black",
            "white",
            "grey",
            "gray",
            "beige",
            "silver",
            "golden",
            "gold",
            "tan",
            "turquoise",
            "maroon",
            "cyan",
            "magenta",
            "teal",
        ]
    ),
    "material": frozenset(
        [
            "plain",
            "striped",
            "checkered",
            "spotted",
            "wooden",
            "metal",
            "plastic",
            "glass",
            "leather",
            "stone",
            "brick",
            "concrete",
            "paper",
            "cotton",
            "woolen",
            "furry",
            "floral",
            "plaid",
            "patterned",
        ]
    ),
    "size": frozenset(
        [
            "small",
            "large",
            "big",
            "little",
            "tiny",
            "huge",
            "tall",
            "short",
            "long",
            "wide",
            "narrow",
            "giant",
        ]
    ),
    "pose": frozenset(
        [
            "upright",
            "lying",
            "facing",
            "sitting",
            "standing",
            "walking",
            "running",
            "riding",
            "leaning",
            "hanging",
            "parked",
            "open",
            "closed",
            "folded",
        ]
    ),
}
"""Attribute kinds that have a slot of their own; any other word is of kind "other"."""
OTHER = "other"


def attribute_kind(word: str) -> str:
    """Kind of an attribute: one of ``ATTRIBUTE_KINDS`` by its first word, or "other"."""
    first = word.split(" ", 1)[0]
    for kind, words in ATTRIBUTE_KINDS.items():
        if first in words:
            return kind
    return OTHER


@dataclass(frozen=True)
class Vocabulary:
    """Tags of graph nodes. In tensors id 0 is "none or not stated", id 1 + i is word i.

    Attributes:
        labels: object nouns, most frequent first.
        attributes: words by kind, one attribute node per kind and object.
        predicates: relation words; the geometric ones always come first.
        places: rooms or streets.
    """

    labels: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    predicates: tuple[str, ...]
    places: tuple[str, ...]

    @classmethod
    def from_graphs(
        cls, graphs: Iterable[SceneGraph], min_count: int = 1, max_labels: int = 1000
    ) -> Self:
        """Words seen at least ``min_count`` times; at most ``max_labels`` nouns."""
        labels: Counter[str] = Counter()
        attributes: Counter[str] = Counter()
        predicates: Counter[str] = Counter()
        places: Counter[str] = Counter()
        for graph in graphs:
            labels.update(o.label for o in graph.objects)
            attributes.update(a for o in graph.objects for a in o.attributes)
            predicates.update(r.predicate for r in graph.relations)
            if graph.place:
                places[graph.place] += 1
        kept = _frequent(attributes, min_count)
        kinds = [k for k in (*ATTRIBUTE_KINDS, OTHER) if any(attribute_kind(w) == k for w in kept)]
        semantic = [p for p in _frequent(predicates, min_count) if p not in GEOMETRIC_PREDICATES]
        return cls(
            labels=tuple(_frequent(labels, min_count)[:max_labels]),
            # graphs without attributes keep an empty kind: arrays on disk cannot have no width
            attributes={
                k: tuple(w for w in kept if attribute_kind(w) == k) for k in kinds or [OTHER]
            },
            predicates=(*GEOMETRIC_PREDICATES, *semantic),
            places=tuple(_frequent(places, min_count)),
        )

    def unknown(self, graph: SceneGraph) -> list[str]:
        """Labels, attributes and predicates of a graph that have no tag, each once, in order.

        Of what is denied nothing need be drawn.
        """
        known = {word for words in self.attributes.values() for word in words}
        objects = [item for item in graph.objects if not item.negated]
        relations = [relation for relation in graph.relations if not relation.negated]
        words = [
            *(item.label for item in objects if item.label not in self.labels),
            *(a for item in objects for a in item.attributes if a not in known),
            *(r.predicate for r in relations if r.predicate not in self.predicates),
        ]
        return list(dict.fromkeys(words))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready mapping; ``from_dict`` gives back an equal vocabulary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Self:
        """Inverse of ``to_dict``."""
        return cls(
            labels=tuple(body["labels"]),
            attributes={k: tuple(v) for k, v in body["attributes"].items()},
            predicates=tuple(body["predicates"]),
            places=tuple(body["places"]),
        )


def _frequent(counts: Counter[str], min_count: int) -> list[str]:
    # ties in alphabetical order, so that the order of reading cannot change the ids
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [word for word, count in ordered if count >= min_count]
