"""Both directions on the test split, and the easy half of drawing alone."""

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.generate.nodes import draw_gold_graphs, generate_samples


def create_pipeline() -> Pipeline:
    """Samples of the test split."""
    parameters = ["params:generate", "params:seed"]
    return Pipeline(
        [
            node(
                generate_samples,
                inputs=["scenes_test", "spatial_dual", *parameters],
                outputs="samples",
                name="generate_samples",
            ),
            node(
                draw_gold_graphs,
                inputs=["samples", "graphs_test", "spatial_dual", *parameters],
                outputs="samples_from_gold",
                name="draw_gold_graphs",
            ),
        ]
    )
