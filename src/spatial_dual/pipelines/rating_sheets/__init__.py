"""Stage ``rating_sheets``: a form for people, and the ratings that they send back."""

from spatial_dual.pipelines.rating_sheets.pipeline import create_pipeline

__all__ = ["create_pipeline"]
