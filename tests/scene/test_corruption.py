"""Noise on gold graphs: at its rate, on every kind of node and edge, and on nothing else."""

import numpy as np
import pytest

from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.corruption import corrupt_graph
from spatial_dual.scene.graph import INVERSE_PREDICATE, SceneGraph
from spatial_dual.scene.vocabulary import Vocabulary, attribute_kind

GRAPHS = [SceneGraph.from_json(render_scene(0, "train", i, 32)["graph"]) for i in range(12)]
WORDS = Vocabulary.from_graphs(GRAPHS)


def corrupt(rate: float, seed: int = 0) -> list[SceneGraph]:
    generator = np.random.default_rng(seed)
    return [corrupt_graph(graph, rate, WORDS, generator) for graph in GRAPHS]


def edges(graph: SceneGraph) -> dict[tuple[int, int], set[tuple[int, str, int]]]:
    found: dict[tuple[int, int], set[tuple[int, str, int]]] = {}
    for r in graph.relations:
        ends = (min(r.subject, r.object), max(r.subject, r.object))
        found.setdefault(ends, set()).add((r.subject, r.predicate, r.object))
    return found


def test_no_noise_changes_nothing() -> None:
    assert [g.relations for g in corrupt(0.0)] == [g.relations for g in GRAPHS]
    assert [g.objects for g in corrupt(0.0)] == [g.objects for g in GRAPHS]


@pytest.mark.parametrize("rate", [0.2, 0.8])
def test_labels_and_attributes_are_wrong_at_the_rate(rate: float) -> None:
    wrong = total = 0
    for seed in range(4):
        for before, after in zip(GRAPHS, corrupt(rate, seed), strict=True):
            for a, b in zip(before.objects, after.objects, strict=True):
                pairs = [(a.label, b.label), *zip(a.attributes, b.attributes, strict=True)]
                wrong += sum(x != y for x, y in pairs)
                total += len(pairs)
                assert a.box == b.box
                assert [attribute_kind(w) for w in a.attributes] == [
                    attribute_kind(w) for w in b.attributes
                ]
    assert wrong / total == pytest.approx(rate, abs=4 * (rate * (1 - rate) / total) ** 0.5 + 0.02)


def test_full_noise_replaces_every_edge_by_one_relation_and_its_converse() -> None:
    for before, after in zip(GRAPHS, corrupt(1.0), strict=True):
        assert edges(before).keys() == edges(after).keys()
        for ends, held in edges(after).items():
            (subject, predicate, target), *others = held
            inverse = INVERSE_PREDICATE.get(predicate)
            assert len(held) == (1 if inverse is None else 2), ends
            assert all(other == (target, inverse, subject) for other in others)


def test_a_rate_beyond_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.5"):
        corrupt(1.5)
