"""Training and encoding of the ``tokens`` stage."""

from kedro.pipeline import Node, Pipeline, node

from spatial_dual.pipelines.tokens.nodes import (
    encode,
    train_clip,
    train_image_tokenizer,
    train_text_tokenizer,
)
from spatial_dual.pipelines.training_node import training_node

SPLITS = ("train", "val", "test")


def create_pipeline() -> Pipeline:
    """Tokenizers and CLIP from the training scenes, then the tokens of every split."""
    return Pipeline(
        [
            training_node(
                train_image_tokenizer, "image_tokenizer", ["scenes_train"], "tokens.image_tokenizer"
            ),
            node(
                train_text_tokenizer,
                inputs=["scenes_train", "params:tokens.text"],
                outputs="text_tokenizer",
                name="train_text_tokenizer",
            ),
            clip_node("clip"),
            *(_encode_node(split) for split in SPLITS),
        ]
    )


def clip_node(name: str) -> Node:
    """A node that trains the CLIP called ``name``; the one for metrics belongs to ``evaluate``."""
    inputs = ["scenes_train", "text_tokenizer", "params:tokens.text"]
    return training_node(train_clip, name, inputs, f"tokens.{name}")


def _encode_node(split: str) -> Node:
    return node(
        encode,
        inputs=[
            f"scenes_{split}",
            "image_tokenizer",
            "text_tokenizer",
            "clip",
            "params:tokens.text",
            "params:train",
        ],
        outputs=f"tokens_{split}",
        name=f"encode_{split}",
    )
