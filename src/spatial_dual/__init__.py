"""Spatial Dual: describe the 3D spatial relations of an image, draw an image that obeys them."""

__version__ = "0.1.0"
