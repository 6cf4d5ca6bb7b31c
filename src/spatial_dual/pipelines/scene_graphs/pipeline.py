"""Graphs of every split from scenes and what perception saw in them."""

from kedro.pipeline import Node, Pipeline, node

from spatial_dual.pipelines.scene_graphs.nodes import (
    build_graphs,
    collect_vocabulary,
    draw_depth_views,
    fit_size_prior,
)

SPLITS = ("train", "val", "test")


def create_pipeline() -> Pipeline:
    """Size prior and vocabulary from the training split, graphs of all splits, figures of some."""
    prior = node(
        fit_size_prior,
        inputs=["scenes_train", "params:scene_graphs"],
        outputs="size_prior",
        name="fit_size_prior",
    )
    vocabulary = node(
        collect_vocabulary,
        inputs=["graphs_train", "params:scene_graphs"],
        outputs="vocabulary",
        name="collect_vocabulary",
    )
    figures = node(
        draw_depth_views,
        inputs=["scenes_test", "perceived_test", "size_prior", "params:scene_graphs"],
        outputs=["depth_views", "depth_space"],
        name="draw_depth_views",
    )
    return Pipeline([prior, vocabulary, figures, *(_graphs_node(split) for split in SPLITS)])


def _graphs_node(split: str) -> Node:
    return node(
        build_graphs,
        inputs=[
            f"scenes_{split}",
            f"perceived_{split}",
            "size_prior",
            "params:scene_graphs",
            f"params:scene_graphs.depth_graphs.{split}",
            "params:parsing",
        ],
        outputs=f"graphs_{split}",
        name=f"build_graphs_{split}",
    )
