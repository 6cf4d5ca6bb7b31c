"""A published model draws, and the figures of sets of pictures are taken as for our own."""

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.evaluate.image_nodes import evaluate_images
from spatial_dual.pipelines.evaluate.nodes import evaluate_clip
from spatial_dual.pipelines.pretrained.nodes import draw_pretrained, tabulate_pretrained


def create_pipeline() -> Pipeline:
    """Draw, evaluate, tabulate."""
    return Pipeline(
        [
            node(
                draw_pretrained,
                inputs=["samples", "params:pretrained", "params:train", "params:seed"],
                outputs="pretrained_samples",
                name="draw_pretrained",
            ),
            node(
                evaluate_images,
                inputs=[
                    "pretrained_samples",
                    "scenes_test",
                    "scenes_train",
                    "scene_classifier",
                    "compositions_card",
                    "params:evaluate",
                    "params:seed",
                ],
                outputs=["pretrained_images_figures", "pretrained_images_card"],
                name="evaluate_pretrained_images",
            ),
            node(
                evaluate_clip,
                inputs=[
                    "pretrained_samples",
                    "scenes_test",
                    "text_tokenizer",
                    "clip_for_metrics",
                    "compositions_card",
                ],
                outputs="pretrained_clip_figures",
                name="evaluate_pretrained_clip",
            ),
            node(
                tabulate_pretrained,
                inputs=[
                    "pretrained_samples",
                    "pretrained_images_figures",
                    "pretrained_clip_figures",
                    "params:pretrained",
                    "params:seed",
                ],
                outputs="pretrained_results",
                name="tabulate_pretrained",
            ),
        ]
    )
