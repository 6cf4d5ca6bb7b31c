"""Stage ``report``: the figures as a table, and samples as a contact sheet."""

from spatial_dual.pipelines.report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
