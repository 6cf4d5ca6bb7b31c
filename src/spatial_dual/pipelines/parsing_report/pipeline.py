"""Annotated captions → figures of the parser."""

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.parsing_report.nodes import report_parsing


def create_pipeline() -> Pipeline:
    """One node; ``--params=captions.path=FOLDER`` names more captions than our own."""
    return Pipeline(
        [
            node(
                report_parsing,
                inputs=["annotated_captions", "caption_kinds", "params:parsing"],
                outputs=["parsing_figures", "parsing_report"],
                name="report_parsing",
            )
        ]
    )
