"""Which way is up: the floor plane by RANSAC, with a fall-back and its confidence."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spatial_dual.perception.camera import Camera, Points
from spatial_dual.perception.open3d_loader import open3d

GRID = 64
"""Normals are taken on a grid of about this many points a side."""
FLOOR_TILT_DEG = 40.0
"""Surfaces whose normal lies within this angle of the expected up direction may be the floor."""
ASSUMED_PITCH_DEG = 10.0
"""Pictures look slightly down; centre of the search, and the fall-back, for unknown pitch."""
PLANE_TOLERANCE = 0.01
"""Distance of inliers from the plane as a share of the median depth, for smooth depth..."""
NOISE_TOLERANCE = 1.0
"""...and in standard deviations of its pixel noise for rough depth."""
LEAST_SHARE = 0.3
"""A plane that fewer of the candidates lie in is no floor: hills, crowds, wrong depth."""
LEAST_POINTS = 60
"""Fewer candidates than this are no floor."""
RANSAC_ROUNDS = 100
STANDING_TILT_DEG = 20.0
"""A plane whose normal lies within this angle of the assumed horizon may be a wall."""
STRAIGHT_DOWN = 0.99
"""|Vertical part of the optical axis| beyond which a camera has no forward direction."""


@dataclass(frozen=True)
class Gravity:
    """Up direction in the camera frame.

    Attributes:
        up: (3,) unit vector.
        source: "floor" (a level plane was found), "camera" (its stated pitch), "wall" (at right
            angles to a plane that stands) or "assumed".
        confidence: 0..1.
    """

    up: NDArray[np.float64]
    source: str
    confidence: float

    def rotation(self) -> NDArray[np.float64]:
        """(3, 3) matrix whose rows are the axes of the levelled frame: right, up, away.

        Away is where the camera looks, level; of one that looks straight down, the upper edge of
        its picture.
        """
        looks = np.array([0.0, 0.0, 1.0])
        if abs(self.up[2]) > STRAIGHT_DOWN:
            looks = np.array([0.0, -np.sign(self.up[2]), 0.0])
        away = looks - (looks @ self.up) * self.up
        away /= np.linalg.norm(away)
        return np.stack([np.cross(self.up, away), self.up, away])


def find_gravity(
    points: Points, background: NDArray[np.bool_], camera: Camera, noise: float
) -> Gravity:
    """Up direction from the largest plane among surfaces that face up.

    Candidates are background points whose local normal is near the expected up direction; where
    the background shows too few, all points (table tops are level too). The confidence is the
    share of candidates that lie in the plane.

    Args:
        points: (height, width, 3) metres in the camera frame, NaN where invalid.
        background: (height, width) pixels of no instance.
        camera: gives the fall-back and the centre of the search.
        noise: standard deviation of the depth of a pixel, metres.
    """
    pitch = math.radians(camera.pitch_deg if camera.pitch_deg is not None else ASSUMED_PITCH_DEG)
    expected = np.array([0.0, math.cos(pitch), -math.sin(pitch)])
    step = max(1, min(points.shape[:2]) // GRID)
    grid, open_ground = points[::step, ::step], background[::step, ::step]
    level = _facing(grid, expected)
    for candidates, trust in ((level & open_ground, 1.0), (level, 0.5)):
        if np.count_nonzero(candidates) >= LEAST_POINTS:
            normal, share = _plane(grid[candidates], NOISE_TOLERANCE * noise, expected)
            upward = normal @ expected > math.cos(math.radians(FLOOR_TILT_DEG))
            if upward and share >= LEAST_SHARE:
                return Gravity(normal, "floor", trust * share)
    if camera.pitch_deg is not None and camera.source != "assumed":
        return Gravity(expected, "camera", 0.5)
    return _along_wall(grid[np.isfinite(grid[..., 2]) & ~level], noise, expected)


def _along_wall(points: Points, noise: float, expected: NDArray[np.float64]) -> Gravity:
    """Up direction nearest to the expected one along the dominant plane, if that plane stands."""
    if len(points) >= LEAST_POINTS:
        normal, share = _plane(points, NOISE_TOLERANCE * noise, expected)
        lean = float(normal @ expected)
        if share >= LEAST_SHARE and lean < math.sin(math.radians(STANDING_TILT_DEG)):
            up = expected - lean * normal
            return Gravity(up / np.linalg.norm(up), "wall", 0.4 * share)
    return Gravity(expected, "assumed", 0.1)


def _facing(grid: Points, direction: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where the local normal (towards the viewer) is within ``FLOOR_TILT_DEG`` of a direction."""
    across = np.diff(grid[:-1], axis=1)
    down = np.diff(grid[:, :-1], axis=0)
    # numpy's cross is slow for many short vectors
    normal = np.stack(
        [
            down[..., 1] * across[..., 2] - down[..., 2] * across[..., 1],
            down[..., 2] * across[..., 0] - down[..., 0] * across[..., 2],
            down[..., 0] * across[..., 1] - down[..., 1] * across[..., 0],
        ],
        axis=-1,
    )
    facing = np.zeros(grid.shape[:2], dtype=bool)
    length = np.sqrt((normal * normal).sum(-1))
    towards = -np.sign((normal * grid[:-1, :-1]).sum(-1))
    cosine = towards * (normal @ direction.astype(np.float32))
    facing[:-1, :-1] = cosine > math.cos(math.radians(FLOOR_TILT_DEG)) * length
    return facing


def depth_noise(depth: NDArray[np.float32]) -> float:
    """Standard deviation of pixel noise, metres: robust, from second differences along rows.

    Args:
        depth: (height, width) metres, NaN where invalid.
    """
    second = depth[:, 2:] - 2 * depth[:, 1:-1] + depth[:, :-2]
    known = np.abs(second[np.isfinite(second)])
    return float(np.median(known)) / (0.6745 * math.sqrt(6)) if known.size else 0.0


def _plane(
    points: Points, noise: float, expected: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Unit normal of the dominant plane, turned towards ``expected``, and its share of points."""
    o3d = open3d()
    o3d.utility.random.seed(0)
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points.astype(np.float64)))
    tolerance = max(noise, PLANE_TOLERANCE * float(np.median(points[:, 2])))
    # its threads race for the early exit: only without one (probability 1) do equal calls agree
    plane, inliers = cloud.segment_plane(tolerance, 3, RANSAC_ROUNDS, probability=1.0)
    normal = np.asarray(plane[:3], dtype=np.float64)
    side = normal @ expected
    normal *= (-1 if side < 0 else 1) / np.linalg.norm(normal)
    return normal, len(inliers) / len(points)
