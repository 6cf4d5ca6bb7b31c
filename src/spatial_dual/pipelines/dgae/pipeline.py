"""Aligned tags, the auto-encoder, and the codes of every split."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline, node

from spatial_dual.pipelines.dgae.nodes import (
    align_graphs,
    align_noisy_graphs,
    encode_graphs,
    train_dgae,
)
from spatial_dual.pipelines.training_node import training_node

SPLITS = ("train", "val", "test")
CLEAN_SPLITS = ("val", "test")


def create_pipeline() -> Pipeline:
    """Align all splits, train on the training split, encode all splits."""
    train = training_node(train_dgae, "dgae", ["aligned_train", "vocabulary"], "dgae")
    align = [
        _align("train", align_noisy_graphs, "params:seed"),
        *(_align(split, align_graphs) for split in CLEAN_SPLITS),
    ]
    return Pipeline([train, *align, *(_encode(split) for split in SPLITS)])


def _align(split: str, align: Callable[..., Any], *more: str) -> Node:
    inputs = [f"graphs_{split}", "vocabulary", "params:dgae", "params:tokens.text", *more]
    return node(align, inputs, f"aligned_{split}", name=f"align_graphs_{split}")


def _encode(split: str) -> Node:
    return node(
        encode_graphs,
        inputs=[f"aligned_{split}", "dgae"],
        outputs=f"graph_codes_{split}",
        name=f"encode_graphs_{split}",
    )
