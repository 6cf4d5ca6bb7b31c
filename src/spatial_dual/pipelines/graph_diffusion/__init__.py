"""Stage ``graph_diffusion``."""

from spatial_dual.pipelines.graph_diffusion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
