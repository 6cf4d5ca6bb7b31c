"""Figures of each part and of the samples, then all of them together."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.evaluate.nodes import (
    collect_metrics,
    evaluate_clip,
    evaluate_describe,
    evaluate_dgae,
    evaluate_draw,
    evaluate_graph_diffusion,
    evaluate_image_tokenizer,
    evaluate_perception,
    evaluate_scene_graphs,
    judge_gold_drawings,
    judge_pictures,
)
from spatial_dual.pipelines.tokens.pipeline import clip_node

_FIGURES: dict[str, tuple[Callable[..., Any], str]] = {
    "image_tokenizer": (evaluate_image_tokenizer, "scenes_test tokens_test image_tokenizer"),
    "perception": (
        evaluate_perception,
        "scenes_test perceived_test params:perception.attribute_kinds",
    ),
    "scene_graph": (evaluate_scene_graphs, "scenes_test graphs_test size_prior"),
    "dgae": (evaluate_dgae, "aligned_test dgae"),
    "graph_diffusion": (evaluate_graph_diffusion, "samples graphs_test"),
    "draw": (evaluate_draw, "samples judged judged_from_gold graphs_test"),
    "describe": (evaluate_describe, "samples scenes_test graphs_test"),
    "clip": (evaluate_clip, "samples scenes_test text_tokenizer clip_for_metrics"),
}


def create_pipeline() -> Pipeline:
    """All figures on the test split."""
    judge = node(
        judge_pictures,
        inputs=[
            "samples",
            "tokens_test",
            "image_tokenizer",
            "perceiver",
            "size_prior",
            "params:scene_graphs",
        ],
        outputs="judged",
        name="judge_pictures",
    )
    judge_gold = node(
        judge_gold_drawings,
        inputs=["samples_from_gold", "perceiver", "size_prior", "params:scene_graphs"],
        outputs="judged_from_gold",
        name="judge_gold_drawings",
    )
    figures = [
        node(evaluate, inputs.split(), f"{name}_figures", name=f"evaluate_{name}")
        for name, (evaluate, inputs) in _FIGURES.items()
    ]
    collect = node(
        collect_metrics,
        inputs=[*(f"{name}_figures" for name in _FIGURES), "scenes_test", "samples"],
        outputs="metrics",
        name="collect_metrics",
    )
    return Pipeline([clip_node("clip_for_metrics"), judge, judge_gold, *figures, collect])
