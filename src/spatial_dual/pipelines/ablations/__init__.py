"""Variants of the method: one factory, other parameters, a namespace for each variant and seed."""

from spatial_dual.pipelines.ablations.pipeline import create_pipeline

__all__ = ["create_pipeline"]
