"""Pinhole camera: from pixels with depth to points."""

import json
import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from spatial_dual.datasets.camera_json import read_camera
from spatial_dual.datasets.exif import camera_fields
from spatial_dual.datasets.images import Crop

Points = NDArray[np.float32]

ASSUMED_FOV_DEG = 55.0
"""Vertical field of view where nothing is known: a phone's main camera held upright or across."""


@dataclass(frozen=True)
class Camera:
    """Pinhole camera; the principal point is the image centre unless given.

    Attributes:
        fov_deg: vertical field of view in degrees; ignored where ``intrinsics`` are given.
        pitch_deg: tilt below the horizon in degrees, None if unknown.
        intrinsics: (fx, fy, cx, cy) in pixels of the depth image.
        source: where the figures come from: "rendered", "given", "exif" or "assumed".
    """

    fov_deg: float = ASSUMED_FOV_DEG
    pitch_deg: float | None = None
    intrinsics: tuple[float, float, float, float] | None = None
    source: str = "assumed"

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ValueError: field of view outside 1..179 degrees, pitch outside -90..90, or focal
                lengths not positive.
        """
        if not 1 <= self.fov_deg <= 179:
            raise ValueError(f"camera fov_deg must lie within 1..179 degrees, got {self.fov_deg}")
        if self.pitch_deg is not None and not -90 <= self.pitch_deg <= 90:
            raise ValueError(f"camera pitch_deg must lie within -90..90, got {self.pitch_deg}")
        if self.intrinsics is not None and min(self.intrinsics[:2]) <= 0:
            raise ValueError(f"camera focal lengths must be positive, got {self.intrinsics[:2]}")

    @classmethod
    def of_photograph(cls, picture: Image, crop: Crop, assumed_fov_deg: float) -> Self:
        """Camera of the square ``crop`` of a picture by its EXIF, or else the assumed one."""
        return cls.from_json(json.dumps(camera_fields(picture, crop, assumed_fov_deg)))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the ``camera`` column of a record; "" is the assumed camera.

        Raises:
            ValueError: not a JSON object, or values out of range.
        """
        fields = read_camera(text)
        focal = tuple(fields[name] for name in ("fx", "fy", "cx", "cy"))
        return cls(
            fov_deg=fields["fov_deg"] or ASSUMED_FOV_DEG,
            pitch_deg=fields["pitch_deg"],
            intrinsics=None if None in focal else focal,
            source=fields["source"],
        )

    def pixel_intrinsics(self, height: int, width: int) -> tuple[float, float, float, float]:
        """(fx, fy, cx, cy) in pixels for a picture of this size; pixel centres lie at +0.5."""
        if self.intrinsics is not None:
            return self.intrinsics
        focal = height / 2 / math.tan(math.radians(self.fov_deg) / 2)
        return focal, focal, width / 2, height / 2

    def unproject(self, depth: NDArray[np.floating]) -> Points:
        """Points (height, width, 3), metres, x right, y up, z along the optical axis.

        Args:
            depth: (height, width) metres along z; 0 or not finite is invalid and becomes NaN.
        """
        height, width = depth.shape
        fx, fy, cx, cy = self.pixel_intrinsics(height, width)
        z = depth.astype(np.float32)
        z[~(np.isfinite(z) & (z > 0))] = np.nan
        right = ((np.arange(width) + 0.5 - cx) / fx).astype(np.float32)
        up = ((cy - np.arange(height) - 0.5) / fy).astype(np.float32)
        return np.stack([z * right, z * up[:, None], z], axis=-1)
