"""Both decoders of the spatial alignment."""

from kedro.pipeline import Pipeline

from spatial_dual.pipelines.alignment.nodes import train_text_decoder, train_visual_decoder
from spatial_dual.pipelines.training_node import training_node


def create_pipeline() -> Pipeline:
    """Visual and text decoder, on gold graphs of the training split."""
    visual = ["scenes_train", "tokens_train", "aligned_train", "image_tokenizer", "dgae"]
    text = ["tokens_train", "aligned_train", "text_tokenizer", "vocabulary", "dgae"]
    return Pipeline(
        [
            training_node(
                train_visual_decoder, "visual_decoder", visual, "alignment.visual_decoder"
            ),
            training_node(train_text_decoder, "text_decoder", text, "alignment.text_decoder"),
        ]
    )
