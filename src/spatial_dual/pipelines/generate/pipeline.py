"""One node: both directions on the test split."""

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.generate.nodes import generate_samples


def create_pipeline() -> Pipeline:
    """Samples of the test split."""
    return Pipeline(
        [
            node(
                generate_samples,
                inputs=[
                    "scenes_test",
                    "graphs_test",
                    "spatial_dual",
                    "params:generate",
                    "params:seed",
                ],
                outputs="samples",
                name="generate_samples",
            )
        ]
    )
