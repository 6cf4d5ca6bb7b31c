"""VSD's annotation of a photograph: triples of boxes → instances and a gold graph.

A box is [y0, y1, x0, x1] in pixels of the upright picture. The data say so themselves: on VSDv1's
validation part the centre of the first pair is smaller for the subject in 85 % of the "above" and
13 % of the "under" triples, that of the second pair in 74 % of "to the left of" and 18 % of "to the
right of"; read the other way round all four are near one half.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spatial_dual.datasets.images import Crop
from spatial_dual.datasets.numbers import four_numbers
from spatial_dual.scene.alignment import region_iou
from spatial_dual.scene.graph import SPATIAL_PREDICATES, Relation, SceneGraph, SceneObject
from spatial_dual.scene.text import clean_noun

SAME_BOX_IOU = 0.8
"""Boxes of one label that overlap more are the same thing, boxed twice."""
_OUTSIDE_PIXELS = 2.0
"""How far a box may reach out of the picture: annotators' rounding."""

Box = tuple[float, float, float, float]


@dataclass
class Annotations:
    """Objects of a photo in the order of their first mention, and their gold relations.

    Attributes:
        crop: of the picture.
        instances: ``label`` and ``box`` (x0, y0, x1, y1) in 0..1 of the uncropped picture.
        relations: (subject, predicate, object), indices into ``instances``.
        problems: why triples were left out.
    """

    crop: Crop
    instances: list[dict[str, Any]] = field(default_factory=list)
    relations: dict[tuple[int, str, int], None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def order(self, first: Sequence[int]) -> list[int]:
        """All objects, those of ``first`` first: object k of the record is instance k + 1."""
        return [*first, *(i for i in range(len(self.instances)) if i not in set(first))]

    def graph(self, order: Sequence[int]) -> SceneGraph:
        """Gold graph with its objects in this order; regions are those of the crop."""
        place = {index: slot for slot, index in enumerate(order)}
        return SceneGraph(
            objects=tuple(self._object(self.instances[index]) for index in order),
            relations=tuple(
                Relation(subject=place[s], predicate=p, object=place[o])
                for s, p, o in self.relations
            ),
        )

    def add(self, triple: Mapping[str, Any]) -> None:
        """Take in a triple.

        Raises:
            ValueError: it names no label, an unknown predicate, a box that is none, or one thing
                with itself.
            KeyError, TypeError: it is no such mapping.
        """
        predicate = str(triple["p"]).strip().lower()
        if predicate not in SPATIAL_PREDICATES:
            raise ValueError(f"predicate {triple['p']!r}; known: {', '.join(SPATIAL_PREDICATES)}")
        ends = [(_label(triple[k]), self._box(triple[f"{k}_bbox"])) for k in ("s", "o")]
        if ends[0][0] == ends[1][0] and region_iou(ends[0][1], ends[1][1]) > SAME_BOX_IOU:
            raise ValueError(f"{ends[0][0]!r} {predicate} itself: both boxes are one")
        subject, target = (self._index(label, box) for label, box in ends)
        self.relations[subject, predicate, target] = None

    def _index(self, label: str, box: Box) -> int:
        for index, known in enumerate(self.instances):
            if known["label"] == label and region_iou(known["box"], box) > SAME_BOX_IOU:
                return index
        self.instances.append({"label": label, "box": box})
        return len(self.instances) - 1

    def _box(self, given: Sequence[float]) -> Box:
        y0, y1, x0, x1 = four_numbers(given, "box")
        if not (x0 < x1 and y0 < y1):
            raise ValueError(f"box {given} is not y0 < y1, x0 < x1")
        width, height = self.crop.width, self.crop.height
        if min(x0, y0) < -_OUTSIDE_PIXELS or max(x1 - width, y1 - height) > _OUTSIDE_PIXELS:
            raise ValueError(
                f"box {given} (y0, y1, x0, x1) reaches out of the {width}×{height} picture; is "
                "it a resized copy?"
            )
        return x0 / width, y0 / height, x1 / width, y1 / height

    def _object(self, instance: Mapping[str, Any]) -> SceneObject:
        x0, y0, x1, y1 = region = self.crop.box(instance["box"]).tolist()
        left, top, right, bottom = np.clip(region, 0, 1).tolist()
        seen = (right - left) * (bottom - top) / ((x1 - x0) * (y1 - y0))
        return SceneObject(
            label=instance["label"], region=(x0, y0, x1, y1), visibility=min(seen, 1.0)
        )


def read_triples(triples: Sequence[Mapping[str, Any]], crop: Crop) -> Annotations:
    """The usable triples of ``triple_list``: ``s``, ``p``, ``o``, ``s_bbox``, ``o_bbox``."""
    annotations = Annotations(crop)
    for number, triple in enumerate(triples):
        try:
            annotations.add(triple)
        except (ValueError, KeyError, TypeError) as reason:
            annotations.problems.append(f"triple {number}: {reason}")
    return annotations


def _label(noun: object) -> str:
    return clean_noun(noun).rstrip(". ")
