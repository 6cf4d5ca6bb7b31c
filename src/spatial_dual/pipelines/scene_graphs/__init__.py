"""Stage ``scene_graphs``: gold, visual, depth and text graphs of every split; vocabulary."""

from spatial_dual.pipelines.scene_graphs.pipeline import create_pipeline

__all__ = ["create_pipeline"]
