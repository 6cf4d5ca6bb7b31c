"""Stage ``tokens``: frozen tokenizers and CLIP, and every record encoded once."""

from spatial_dual.pipelines.tokens.pipeline import create_pipeline

__all__ = ["create_pipeline"]
