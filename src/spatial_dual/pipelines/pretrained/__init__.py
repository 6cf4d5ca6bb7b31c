"""Stage ``pretrained``: published text-to-image models on the test captions, for Table 5."""

from spatial_dual.pipelines.pretrained.pipeline import create_pipeline

__all__ = ["create_pipeline"]
