"""Figures of each part and of the samples, then all of them together."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline, node

from spatial_dual.pipelines.evaluate.bound_nodes import evaluate_bounds
from spatial_dual.pipelines.evaluate.detection_nodes import evaluate_detection
from spatial_dual.pipelines.evaluate.image_nodes import evaluate_images, train_scene_classifier
from spatial_dual.pipelines.evaluate.judge_nodes import (
    judge_gold_drawings,
    judge_pictures,
    judge_several,
    train_judge,
)
from spatial_dual.pipelines.evaluate.nodes import (
    collect_metrics,
    evaluate_clip,
    evaluate_describe,
    evaluate_draw,
    evaluate_graph_diffusion,
    find_new_compositions,
)
from spatial_dual.pipelines.evaluate.part_nodes import (
    evaluate_dgae,
    evaluate_image_tokenizer,
    evaluate_perception,
    evaluate_scene_graphs,
)
from spatial_dual.pipelines.evaluate.spatial_nodes import (
    describe_drawings,
    evaluate_health,
    evaluate_relations,
    evaluate_round_trips,
    evaluate_visor,
    score_samples,
)
from spatial_dual.pipelines.evaluate.text_nodes import evaluate_texts, parse_texts
from spatial_dual.pipelines.tokens.pipeline import clip_node
from spatial_dual.pipelines.training_node import training_node

Wiring = tuple[tuple[Callable[..., Any], str, str], ...]
"""Node function, its inputs, and its outputs or the groups of figures that it gives."""
_JUDGE = "judge size_prior params:scene_graphs"
_NEW = "compositions_card"
_MADE: Wiring = (
    (
        judge_pictures,
        f"samples scenes_test graphs_test spatial_dual {_JUDGE}",
        "judged",
    ),
    (judge_gold_drawings, f"samples_from_gold {_JUDGE}", "judged_from_gold"),
    (
        describe_drawings,
        "samples spatial_dual params:evaluate params:seed",
        "described_drawings",
    ),
    (
        judge_several,
        f"samples spatial_dual {_JUDGE} params:evaluate params:seed",
        "judged_several",
    ),
    (parse_texts, "samples scenes_test described_drawings params:parsing", "stated_texts"),
    (score_samples, "samples judged graphs_test stated_texts params:evaluate", "sample_scores"),
)
_PARTS: Wiring = (
    (
        evaluate_image_tokenizer,
        f"scenes_test tokens_test image_tokenizer {_NEW}",
        "image_tokenizer",
    ),
    (
        evaluate_perception,
        f"scenes_test perceived_test params:perception.attribute_kinds {_NEW}",
        "perception",
    ),
    (evaluate_scene_graphs, f"scenes_test graphs_test size_prior {_NEW}", "scene_graph"),
)
_OF_MODEL: Wiring = (
    (evaluate_dgae, f"aligned_test dgae {_NEW}", "dgae"),
    (evaluate_graph_diffusion, f"samples graphs_test {_NEW}", "graph_diffusion"),
    (evaluate_draw, f"samples judged judged_from_gold graphs_test stated_texts {_NEW}", "draw"),
    (evaluate_describe, f"samples scenes_test graphs_test stated_texts {_NEW}", "describe"),
    (evaluate_clip, f"samples scenes_test text_tokenizer clip_for_metrics {_NEW}", "clip"),
    (
        evaluate_images,
        f"samples scenes_test scenes_train scene_classifier {_NEW} params:evaluate params:seed",
        "images image_card",
    ),
    (evaluate_texts, f"samples scenes_test stated_texts {_NEW} params:evaluate", "texts text_card"),
    (
        evaluate_relations,
        f"samples judged graphs_test stated_texts {_NEW}",
        "visor trirec agreement",
    ),
    (
        evaluate_detection,
        f"samples scenes_test stated_texts {_NEW} params:evaluate.detector params:train",
        "detection detection_card",
    ),
    (
        evaluate_visor,
        f"judged_several stated_texts {_NEW} params:evaluate",
        "visor_of_several",
    ),
    (
        evaluate_round_trips,
        f"described_drawings judged_from_gold judged graphs_test stated_texts {_NEW}",
        "round_trip",
    ),
    (evaluate_health, f"samples graphs_test {_NEW}", "health"),
    (
        evaluate_bounds,
        "spatial_dual scenes_val graphs_val scenes_test graphs_test params:evaluate",
        "bounds",
    ),
)
_CARDS = {"image_card", "text_card", "detection_card"}


def create_pipeline() -> Pipeline:
    """All figures on the test split, or on the one that ``evaluate.split`` names."""
    classifier = training_node(
        train_scene_classifier,
        "scene_classifier",
        ["scenes_train", "vocabulary"],
        "evaluate.scene_classifier",
    )
    judge = training_node(
        train_judge,
        "judge",
        ["scenes_train", "image_tokenizer", "params:perception.attribute_kinds"],
        "evaluate.judge",
    )
    new = node(
        find_new_compositions, ["scenes_test", "graphs_test"], _NEW, name="find_new_compositions"
    )
    return Pipeline(
        [
            clip_node("clip_for_metrics"),
            classifier,
            judge,
            new,
            *_samples(),
            *_figures(_PARTS + _OF_MODEL),
        ]
    )


def create_sample_figures() -> Pipeline:
    """The figures that depend on a trained model and its samples, for each variant of it."""
    return Pipeline([*_samples(), *_figures(_OF_MODEL)])


def _samples() -> list[Node]:
    return [
        node(function, inputs.split(), output, name=function.__name__)
        for function, inputs, output in _MADE
    ]


def _figures(of: Wiring) -> list[Node]:
    figures = [
        node(function, inputs.split(), _outputs(groups), name=function.__name__)
        for function, inputs, groups in of
    ]
    groups = [group for _, _, names in of for group in names.split()]
    collect = node(
        collect_metrics,
        inputs={
            "scenes": "scenes_test",
            "samples": "samples",
            "split": "params:evaluate.split",
            **{group: _entry(group) for group in groups},
        },
        outputs="metrics",
        name="collect_metrics",
    )
    return [*figures, collect]


def _outputs(groups: str) -> str | list[str]:
    entries = [_entry(group) for group in groups.split()]
    return entries[0] if len(entries) == 1 else entries


def _entry(group: str) -> str:
    return group if group in _CARDS else f"{group}_figures"
