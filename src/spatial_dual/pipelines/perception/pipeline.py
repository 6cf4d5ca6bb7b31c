"""Training and use of the perceiver."""

from kedro.pipeline import Node, Pipeline, node

from spatial_dual.pipelines.perception.nodes import perceive, train_perceiver

SPLITS = ("train", "val", "test")


def create_pipeline() -> Pipeline:
    """The perceiver from the training scenes, then what it sees in the images of every split."""
    training = node(
        train_perceiver,
        inputs=[
            "scenes_train",
            "perceiver_progress",
            "params:perception",
            "params:train",
            "params:seed",
        ],
        outputs=["perceiver", "perceiver_log"],
        name="train_perceiver",
    )
    return Pipeline([training, *(_perceive_node(split) for split in SPLITS)])


def _perceive_node(split: str) -> Node:
    return node(
        perceive,
        inputs=[f"scenes_{split}", "perceiver", "params:train"],
        outputs=f"perceived_{split}",
        name=f"perceive_{split}",
    )
