"""The pinhole camera: between the picture and the levelled frame of the scene graph."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """Pinhole camera with a square picture and central principal point, at the frame's origin.

    Attributes:
        fov_deg: vertical field of view in degrees.
        pitch_deg: downward tilt in degrees.
        height_m: height above the floor in metres; the floor is y = -height_m.
    """

    fov_deg: float
    pitch_deg: float
    height_m: float

    @property
    def half_view(self) -> float:
        """Half the picture's height at depth 1."""
        return math.tan(math.radians(self.fov_deg) / 2)

    @cached_property
    def axes(self) -> Array:
        """(3, 3): columns are the camera's right, up and forward in the levelled frame."""
        cos, sin = math.cos(math.radians(self.pitch_deg)), math.sin(math.radians(self.pitch_deg))
        return np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])

    def ray(self, x: Array, y: Array) -> Array:
        """Directions (..., 3), with depth 1, through picture points in 0..1 (x right, y down)."""
        right = (2 * x - 1) * self.half_view
        up = (1 - 2 * y) * self.half_view
        return np.stack([right, up, np.ones_like(right)], axis=-1) @ self.axes.T

    def to_dict(self) -> dict[str, Any]:
        """The record's camera column."""
        return {
            "fov_deg": self.fov_deg,
            "pitch_deg": self.pitch_deg,
            "height_m": self.height_m,
            "source": "rendered",
        }
