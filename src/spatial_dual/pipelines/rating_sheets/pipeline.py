"""Form out, ratings in."""

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.rating_sheets.nodes import make_rating_form, read_ratings


def create_pipeline() -> Pipeline:
    """Write the form, and read whatever ratings of it have come back."""
    return Pipeline(
        [
            node(
                make_rating_form,
                inputs=["rated_samples", "scenes_test", "params:rating_sheets", "params:seed"],
                outputs=["rating_form", "rating_key"],
                name="make_rating_form",
            ),
            node(
                read_ratings,
                inputs=["rating_key", "returned_ratings"],
                outputs="ratings",
                name="read_ratings",
            ),
        ]
    )
