"""Figures as nested numbers, refusals and text."""

from spatial_dual.metrics.table import (
    NOTHING,
    as_markdown,
    as_text,
    flatten,
    separate_refused,
)

FIGURES = {
    "draw": {"object_accuracy": 2 / 3, "from_gold_graph": {"object_accuracy": 1.0}},
    "describe": {"grammatical": "no grammar", "triplet_precision": float("nan")},
}


def test_numbers_and_refusals_are_kept_apart():
    numbers, refused = separate_refused(FIGURES)
    assert numbers == {
        "draw": {"object_accuracy": 0.6667, "from_gold_graph": {"object_accuracy": 1.0}}
    }
    assert refused == {"describe.grammatical": "no grammar", "describe.triplet_precision": NOTHING}


def test_keys_are_the_path():
    keys = [key for key, _ in flatten(FIGURES)]
    assert keys[:2] == ["draw.object_accuracy", "draw.from_gold_graph.object_accuracy"]


def test_table_tells_figures_refusals_and_protocol():
    numbers, refused = separate_refused(FIGURES)
    metrics = numbers | {"refused": refused, "protocol": {"split": "test", "seed": 3}}
    for text in (as_text(metrics), as_markdown(metrics)):
        for part in ("draw.object_accuracy", "0.6667", "no grammar", NOTHING, "seed: 3"):
            assert part in text
