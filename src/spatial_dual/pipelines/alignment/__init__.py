"""Stage ``alignment``."""

from spatial_dual.pipelines.alignment.pipeline import create_pipeline

__all__ = ["create_pipeline"]
