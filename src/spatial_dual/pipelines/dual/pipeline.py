"""Priors, their scores, and the overall training."""

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.dual.nodes import (
    assemble,
    score_priors,
    train_dual,
    train_image_prior,
    train_text_prior,
)
from spatial_dual.pipelines.training_node import training_node

PARTS = (
    "vocabulary",
    "size_prior",
    "text_tokenizer",
    "perceiver",
    "image_tokenizer",
    "clip",
    "dgae",
    "visual_decoder",
    "text_decoder",
    "dual",
)


def create_pipeline() -> Pipeline:
    """All of step 4."""
    return create_priors() + create_training() + create_assembly()


def create_priors() -> Pipeline:
    """p̂(I) and p̂(Y), and what they give the training split; the same for every variant."""
    image = ["scenes_train", "tokens_train", "image_tokenizer"]
    text = ["tokens_train", "text_tokenizer"]
    return Pipeline(
        [
            training_node(train_image_prior, "image_prior", image, "dual.image_prior"),
            training_node(train_text_prior, "text_prior", text, "dual.text_prior"),
            node(
                score_priors,
                inputs=["scenes_train", "tokens_train", "image_prior", "text_prior"],
                outputs="log_priors_train",
                name="score_priors",
            ),
        ]
    )


def create_training() -> Pipeline:
    """The three diffusers together."""
    inputs = [
        *("tokens_train", "graph_codes_train", "aligned_train", "log_priors_train"),
        *("image_tokenizer", "text_tokenizer", "clip", "vocabulary", "dgae", "graph_diffuser"),
        "params:graph_diffusion",
    ]
    return Pipeline([training_node(train_dual, "dual", inputs, "dual")])


def create_assembly() -> Pipeline:
    """The whole model, which how it samples is part of."""
    return Pipeline(
        [
            node(
                assemble,
                inputs=[
                    *PARTS,
                    *(f"params:{name}" for name in ("graph_diffusion", "dual", "sampling")),
                    "params:scene_graphs.perceived_fov_deg",
                ],
                outputs="spatial_dual",
                name="assemble",
            ),
        ]
    )
