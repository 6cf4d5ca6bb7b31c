"""Stage ``dual``."""

from spatial_dual.pipelines.dual.pipeline import create_pipeline

__all__ = ["create_pipeline"]
