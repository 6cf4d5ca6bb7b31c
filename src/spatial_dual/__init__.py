"""Spatial Dual: describe the 3D spatial relations of an image, draw an image that obeys them."""

from typing import Any

__version__ = "0.1.0"
__all__ = ["SpatialDual"]


def __getattr__(name: str) -> Any:
    # lazy: listing pipelines or parsing a text must not import torch
    if name == "SpatialDual":
        from spatial_dual.models.spatial_dual import SpatialDual

        return SpatialDual
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
