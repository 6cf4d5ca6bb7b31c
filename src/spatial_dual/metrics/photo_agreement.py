"""Do people's captions of a photo and the geometry of its depth say the same?

Each geometric relation of a caption (TSG) is looked up in the 3DSG that depth and instances of the
same photo support. Neither is gold: figures tell where to look, by predicate.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.synonyms import Synonyms
from spatial_dual.parsing.treebank.words import load_vocabulary
from spatial_dual.scene.graph import INVERSE_PREDICATE, Relation, SceneGraph
from spatial_dual.scene.truth import geometric_relations

Verdict = Literal["agrees", "contradicts", "silent", "not seen"]


def relation_verdict(
    relation: Relation, stated: SceneGraph, seen: SceneGraph, synonyms: Synonyms
) -> Verdict:
    """What the geometry says of one stated relation.

    "agrees": it holds between some fitting objects. "contradicts": only its converse does.
    "silent": both ends are seen, neither holds. "not seen": an end has no fitting object.
    """
    ends = [_fitting(stated.objects[k].label, seen, synonyms) for k in _ends(relation)]
    if not any(s != o for s in ends[0] for o in ends[1]):
        return "not seen"
    said = set()
    for fact in seen.relations:
        if fact.subject in ends[0] and fact.object in ends[1]:
            said.add(fact.predicate)
        if fact.object in ends[0] and fact.subject in ends[1]:
            said.add(INVERSE_PREDICATE.get(fact.predicate, ""))
    if relation.predicate in said:
        return "agrees"
    return "contradicts" if INVERSE_PREDICATE.get(relation.predicate) in said else "silent"


def agreement_figures(
    pairs: Iterable[tuple[SceneGraph, SceneGraph]], synonyms: Synonyms
) -> dict[str, Any]:
    """Counts of verdicts by predicate, and agreement: agrees / (agrees + contradicts).

    Args:
        pairs: graph of a caption, graph by depth of its photo.
        synonyms: when a noun of the caption fits a label of the detector.
    """
    counted: dict[str, Counter[str]] = {}
    for stated, seen in pairs:
        for relation in geometric_relations(stated):
            verdict = relation_verdict(relation, stated, seen, synonyms)
            counted.setdefault(relation.predicate, Counter())[verdict] += 1
    return {
        predicate: {
            **{verdict: counts[verdict] for verdict in ("agrees", "contradicts", "silent")},
            "not_seen": counts["not seen"],
            "agreement": Share(counts["agrees"], counts["agrees"] + counts["contradicts"]).value,
        }
        for predicate, counts in sorted(counted.items())
    }


def _ends(relation: Relation) -> tuple[int, int]:
    return relation.subject, relation.object


def _fitting(label: str, seen: SceneGraph, synonyms: Synonyms) -> list[int]:
    """Objects that a noun of a caption can mean: detectors call all people "person"."""
    head = label.rpartition(" ")[2]
    names = {label, head} | ({"person"} if head in load_vocabulary()["people"] else set())
    senses = synonyms.senses(label) | synonyms.senses(head)
    return [
        number
        for number, item in enumerate(seen.objects)
        if item.label in names or not senses.isdisjoint(synonyms.senses(item.label))
    ]
