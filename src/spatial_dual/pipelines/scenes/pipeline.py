"""One node for each split."""

from functools import partial, update_wrapper

from kedro.pipeline import Node, Pipeline, node

from spatial_dual.pipelines.scenes.nodes import collect_scenes

SPLITS = ("train", "val", "test")


def create_pipeline() -> Pipeline:
    """Record shards of every split, and what was left out of each."""
    return Pipeline([_collect_node(split) for split in SPLITS])


def _collect_node(split: str) -> Node:
    collect = update_wrapper(partial(collect_scenes, split=split), collect_scenes)
    return node(
        collect,
        inputs=["scene_source", "params:scenes"],
        outputs=[f"scenes_{split}", f"quarantine_{split}"],
        name=f"collect_scenes_{split}",
    )
