"""Stage ``generate``: samples of both directions on the test split."""

from spatial_dual.pipelines.generate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
