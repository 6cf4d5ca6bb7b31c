"""Captions beside the geometry of their photos: four verdicts, counted by predicate."""

import math

import pytest

from spatial_dual.metrics.photo_agreement import agreement_figures, relation_verdict
from spatial_dual.metrics.synonyms import LexiconSynonyms
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject


def fact(subject: str, predicate: str, target: str, source: str = "text") -> SceneGraph:
    return SceneGraph(
        objects=(SceneObject(label=subject), SceneObject(label=target)),
        relations=(Relation(subject=0, predicate=predicate, object=1, source=source),),
    )


SEEN = fact("person", "to the left of", "bench", "depth")


@pytest.mark.parametrize(
    ("stated", "verdict"),
    [
        (fact("man", "to the left of", "bench"), "agrees"),
        (fact("park bench", "to the left of", "woman"), "contradicts"),
        (fact("woman", "on", "bench"), "silent"),
        (fact("dog", "on", "bench"), "not seen"),
        (fact("man", "next to", "woman"), "not seen"),
    ],
)
def test_verdicts(stated: SceneGraph, verdict: str) -> None:
    assert relation_verdict(stated.relations[0], stated, SEEN, LexiconSynonyms()) == verdict


def test_figures_by_predicate() -> None:
    left, on = fact("man", "to the left of", "bench"), fact("woman", "on", "bench")
    turned = fact("bench", "to the left of", "man")
    found = agreement_figures([(g, SEEN) for g in (left, left, turned, on)], LexiconSynonyms())
    assert found["to the left of"] == {
        **{"agrees": 2, "contradicts": 1, "silent": 0, "not_seen": 0},
        "agreement": pytest.approx(2 / 3),
    }
    assert math.isnan(found["on"]["agreement"])
