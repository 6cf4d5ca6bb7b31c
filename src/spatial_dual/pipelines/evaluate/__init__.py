"""Stage ``evaluate``: the figures of every part and of both directions, on the test split."""

from spatial_dual.pipelines.evaluate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
