"""The graph diffuser before dual training."""

from kedro.pipeline import Pipeline

from spatial_dual.pipelines.graph_diffusion.nodes import train_graph_diffuser
from spatial_dual.pipelines.training_node import training_node


def create_pipeline() -> Pipeline:
    """Graph diffuser from the codes of the training split."""
    inputs = ["tokens_train", "graph_codes_train", "dgae", "clip"]
    return Pipeline(
        [training_node(train_graph_diffuser, "graph_diffuser", inputs, "graph_diffusion")]
    )
