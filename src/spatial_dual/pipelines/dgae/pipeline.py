"""Aligned tags, the auto-encoder, and the codes of every split."""

from kedro.pipeline import Node, Pipeline, node

from spatial_dual.pipelines.dgae.nodes import align_graphs, encode_graphs, train_dgae
from spatial_dual.pipelines.training_node import training_node

SPLITS = ("train", "val", "test")


def create_pipeline() -> Pipeline:
    """Align all splits, train on the training split, encode all splits."""
    nodes = [training_node(train_dgae, "dgae", ["aligned_train", "vocabulary"], "dgae")]
    for split in SPLITS:
        nodes += [_align(split), _encode(split)]
    return Pipeline(nodes)


def _align(split: str) -> Node:
    return node(
        align_graphs,
        inputs=[f"graphs_{split}", "vocabulary", "params:dgae", "params:tokens.text"],
        outputs=f"aligned_{split}",
        name=f"align_graphs_{split}",
    )


def _encode(split: str) -> Node:
    return node(
        encode_graphs,
        inputs=[f"aligned_{split}", "dgae"],
        outputs=f"graph_codes_{split}",
        name=f"encode_graphs_{split}",
    )
