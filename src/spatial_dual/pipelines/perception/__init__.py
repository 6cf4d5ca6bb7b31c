"""Stage ``perception``: a perceiver from the training scenes, and what it sees in every split."""

from spatial_dual.pipelines.perception.pipeline import create_pipeline

__all__ = ["create_pipeline"]
