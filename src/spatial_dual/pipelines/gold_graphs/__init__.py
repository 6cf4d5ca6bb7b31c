"""``gold_graphs``: the graph auto-encoder on annotated graphs without pictures."""

from spatial_dual.pipelines.gold_graphs.pipeline import create_pipeline

__all__ = ["create_pipeline"]
