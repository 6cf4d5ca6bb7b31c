"""A room of plain boxes seen through a pinhole, by exact ray casting: an oracle for lifting."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class View:
    depth: np.ndarray  # (side, side) metres along the optical axis
    instances: np.ndarray  # (side, side)
    up: np.ndarray  # (3,) in the camera frame


def box_world(boxes, side=96, fov_deg=60.0, pitch_deg=20.0, camera_height=1.4, wall=6.0):
    """Boxes as (center, size) rows in the levelled frame, above a floor, before a back wall."""
    pitch = math.radians(pitch_deg)
    cos, sin = math.cos(pitch), math.sin(pitch)
    grid = (np.arange(side) + 0.5) / side * 2 - 1
    half = math.tan(math.radians(fov_deg) / 2)
    right, up = np.meshgrid(grid * half, -grid * half)
    rays = np.stack([right, up * cos - sin, up * sin + cos], axis=-1)  # optical depth 1
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.where(rays[..., 1] < 0, -camera_height / rays[..., 1], np.inf)
        depth = np.minimum(floor, wall / rays[..., 2])
        instances = np.zeros((side, side), dtype=np.uint8)
        for number, (center, size) in enumerate(boxes, start=1):
            center, size = np.array(center, dtype=float), np.array(size, dtype=float)
            ends = np.sort(
                np.stack([(center - size / 2) / rays, (center + size / 2) / rays]), axis=0
            )
            enter, leave = ends[0].max(-1), ends[1].min(-1)
            seen = (enter < leave) & (enter > 0) & (enter < depth)
            depth = np.where(seen, enter, depth)
            instances[seen] = number
    return View(depth.astype(np.float32), instances, np.array([0.0, cos, -sin]))
