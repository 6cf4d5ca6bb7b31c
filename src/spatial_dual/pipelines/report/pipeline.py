"""Table and contact sheet."""

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.report.nodes import draw_contact_sheet, write_table


def create_pipeline() -> Pipeline:
    """What people look at after a run."""
    return Pipeline(
        [
            node(write_table, inputs="metrics", outputs="report_table", name="write_table"),
            node(
                draw_contact_sheet,
                inputs=["samples", "samples_from_gold", "scenes_test", "params:report"],
                outputs="contact_sheet",
                name="draw_contact_sheet",
            ),
        ]
    )
