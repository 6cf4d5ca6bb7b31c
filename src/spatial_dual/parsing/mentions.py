"""Collects objects, attributes and relations of a text; later mentions find their object."""

import re
from collections.abc import Iterable, Sequence

from spatial_dual.parsing.lexicon import load_lexicon
from spatial_dual.parsing.phrases import NounPhrase
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject

_PREDICATE = re.compile(r"^[a-z][a-z' -]*$")


class GraphBuilder:
    """A scene graph in the making."""

    def __init__(self) -> None:
        self.place: str | None = None
        self._labels: list[str] = []
        self._attributes: list[list[str]] = []
        self._relations: dict[tuple[int, str, int], bool] = {}  # and whether it is denied
        self._absent: set[int] = set()
        self._alternatives: list[tuple[int, ...]] = []

    def mention(self, phrase: NounPhrase, apart_from: Sequence[int] = ()) -> int:
        """Number of the object meant: a known one if the mention is definite and fits, or new.

        Args:
            phrase: label, attributes and definiteness.
            apart_from: objects it cannot be (the other end of its relation).
        """
        if phrase.definite:
            for number, label in enumerate(self._labels):
                same = label == phrase.label and set(phrase.attributes) <= set(
                    self._attributes[number]
                )
                if same and number not in apart_from:
                    return number
        self._labels.append(phrase.label)
        self._attributes.append([])
        self.describe([len(self._labels) - 1], phrase.attributes)
        return len(self._labels) - 1

    def twin(self, number: int) -> int:
        """Another object of the same kind: what "two poles next to each other" speaks of."""
        self._labels.append(self._labels[number])
        self._attributes.append(list(self._attributes[number]))
        return len(self._labels) - 1

    def describe(self, objects: Sequence[int], attributes: Sequence[str]) -> None:
        """Add attributes to objects, each once."""
        for number in objects:
            known = self._attributes[number]
            known.extend(word for word in dict.fromkeys(attributes) if word not in known)

    def label(self, number: int) -> str:
        """Label of an object."""
        return self._labels[number]

    def deny(self, objects: Iterable[int]) -> None:
        """Note that there are no such objects."""
        self._absent.update(objects)

    def is_absent(self, number: int) -> bool:
        """Whether there is no such object."""
        return number in self._absent

    def choose(self, first: int, second: int) -> None:
        """Note that the text means one of two objects."""
        self._alternatives.append((first, second))

    def relate(
        self,
        subjects: Sequence[int],
        predicate: str,
        objects: Sequence[int],
        denied: bool = False,
    ) -> None:
        """Add subject-predicate-object for every pair of different objects, each once.

        Relations of absent objects are denied, too. What no schema accepts as a predicate ("80s",
        a word in another script) is left out.
        """
        if not _PREDICATE.match(predicate):
            return
        for subject in subjects:
            for other in objects:
                if subject != other:
                    absent = not self._absent.isdisjoint((subject, other))
                    self._relations.setdefault((subject, predicate, other), denied or absent)

    def build(self, notes: tuple[str, ...] = ()) -> SceneGraph:
        """The graph so far: relations of source "text", attributes in the order of their kinds.

        Args:
            notes: what was changed in the text before it was read.
        """
        rank = load_lexicon().attribute_rank
        return SceneGraph(
            objects=tuple(
                SceneObject(
                    negated=number in self._absent,
                    label=label,
                    attributes=tuple(
                        sorted(attributes, key=lambda word: rank.get(word, len(rank)))
                    ),
                )
                for number, (label, attributes) in enumerate(
                    zip(self._labels, self._attributes, strict=True)
                )
            ),
            relations=tuple(
                Relation(subject=s, predicate=p, object=o, source="text", negated=denied)
                for (s, p, o), denied in self._relations.items()
            ),
            place=self.place,
            alternatives=tuple(self._alternatives),
            notes=notes,
        )
