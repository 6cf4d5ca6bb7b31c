"""Stage ``scenes``: the data, from their source into record shards."""

from spatial_dual.pipelines.scenes.pipeline import create_pipeline

__all__ = ["create_pipeline"]
