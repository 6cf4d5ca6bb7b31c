"""Annotated captions → figures of the parser."""

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.parsing_report.nodes import report_parsing


def create_pipeline() -> Pipeline:
    """One node; its captions are named by ``--params=captions.path=FOLDER``."""
    return Pipeline(
        [
            node(
                report_parsing,
                inputs=["annotated_captions", "params:parsing"],
                outputs="parsing_figures",
                name="report_parsing",
            )
        ]
    )
