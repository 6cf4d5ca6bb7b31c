"""Pipeline ``parsing_report``: how well texts are parsed, on annotated captions that are given."""

from spatial_dual.pipelines.parsing_report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
