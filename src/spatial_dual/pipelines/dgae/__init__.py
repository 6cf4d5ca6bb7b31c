"""Stage ``dgae``."""

from spatial_dual.pipelines.dgae.pipeline import create_pipeline

__all__ = ["create_pipeline"]
