"""Spatial accuracy of drawings, after VISOR (Gokhale et al. 2022), per predicate.

A text asks for relations; each of its drawings is judged by the scene graph seen in it. The objects
of a relation are present if two different seen objects fit them; the relation holds if it is seen
between such objects.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from spatial_dual.metrics.shares import Share
from spatial_dual.scene.graph import Relation, SceneGraph
from spatial_dual.scene.truth import Fits, geometric_relations, holds


@dataclass(frozen=True)
class Verdict:
    """One relation of one text over its n drawings.

    Attributes:
        predicate: of the relation.
        present: for each drawing, whether both objects are there.
        right: for each drawing, whether the relation holds.
    """

    predicate: str
    present: tuple[bool, ...]
    right: tuple[bool, ...]


@dataclass(frozen=True)
class SpatialAccuracy:
    """Verdicts of a corpus."""

    verdicts: tuple[Verdict, ...] = field(default=())

    def figures(self) -> dict[str, Any]:
        """Of several drawings a text: ``parts``, ``unconditional`` accuracy and ``at_least``.

        ``at_least`` gives VISOR_k: relations that hold in at least k of their drawings. With one
        drawing a text both are ``draw.*.relation_accuracy``.
        """
        draws = max((len(v.right) for v in self.verdicts), default=0)
        count = len(self.verdicts)
        return {
            **self.parts(),
            "unconditional": _figures(self.verdicts)["unconditional"],
            "at_least": {
                str(k): Share(sum(sum(v.right) >= k for v in self.verdicts), count).value
                for k in range(1, draws + 1)
            },
        }

    def parts(self) -> dict[str, Any]:
        """What the accuracy is made of: ``object_presence``, and ``conditional`` on it.

        ``by_predicate`` has both and the accuracy itself. NaN where there is nothing to count.
        """
        whole = _figures(self.verdicts)
        return {
            "object_presence": whole["object_presence"],
            "conditional": whole["conditional"],
            "by_predicate": {
                predicate.replace(" ", "_"): _figures(
                    [v for v in self.verdicts if v.predicate == predicate]
                )
                for predicate in sorted({v.predicate for v in self.verdicts})
            },
        }


def judge_drawings(stated: SceneGraph, drawn: Sequence[SceneGraph], fits: Fits) -> list[Verdict]:
    """Verdicts on the geometric relations of one text, in order."""
    return [
        Verdict(
            relation.predicate,
            tuple(_present(relation, stated, seen, fits) for seen in drawn),
            tuple(holds(relation, stated, seen, fits) for seen in drawn),
        )
        for relation in geometric_relations(stated)
    ]


def _figures(verdicts: Iterable[Verdict]) -> dict[str, float]:
    verdicts = list(verdicts)
    drawings = sum(len(v.present) for v in verdicts)
    present = sum(sum(v.present) for v in verdicts)
    right = sum(sum(v.right) for v in verdicts)
    return {
        "object_presence": Share(present, drawings).value,
        "conditional": Share(right, present).value,
        "unconditional": Share(right, drawings).value,
    }


def _present(relation: Relation, stated: SceneGraph, seen: SceneGraph, fits: Fits) -> bool:
    subject, target = stated.objects[relation.subject], stated.objects[relation.object]
    subjects = {k for k, item in enumerate(seen.objects) if fits(subject, item)}
    targets = {k for k, item in enumerate(seen.objects) if fits(target, item)}
    return bool(subjects and targets) and len(subjects | targets) > 1
