"""Depth graphs of rendered scenes at 128 x 128: images per CPU-second of one core, triplet F1.

Gold depth and instances; then 2 % multiplicative depth noise with masks eroded by two pixels; then
masks that reach one pixel too far.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion

from spatial_dual.metrics.spatial import total, visible_counts
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.lift import depth_graph
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import SceneGraph

Disturb = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
GENERATOR = np.random.default_rng(0)
LEAST_VISIBILITY = 0.3
PRIOR_SCENES = 500


def as_given(depth: np.ndarray, instances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return depth, instances


def noisy_and_eroded(depth: np.ndarray, instances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inner = np.zeros_like(instances)
    for number in np.unique(instances[instances > 0]):
        inner[binary_erosion(instances == number, iterations=2, border_value=1)] = number
    return depth * GENERATOR.normal(1, 0.02, depth.shape), inner


def bleeding(depth: np.ndarray, instances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wide = instances.copy()
    for number in np.unique(instances[instances > 0]):
        wide[binary_dilation(instances == number) & (instances == 0)] = number
    return depth, wide


def measure(scenes: list[dict[str, Any]], prior: SizePrior, disturb: Disturb) -> str:
    """Rate, precision, recall and F1 of scenes disturbed in one way."""
    counts, seconds = [], 0.0
    for scene in scenes:
        depth, instances = disturb(scene["depth"].astype(np.float32), scene["instances"])
        camera = Camera.from_json(scene["camera"])
        start = time.process_time()
        graph = depth_graph(depth, instances, scene["labels"], camera, prior)
        seconds += time.process_time() - start
        partner = [int(k) - 1 for k in np.unique(instances) if k]
        gold = SceneGraph.from_json(scene["graph"])
        counts.append(visible_counts(graph, gold, partner, LEAST_VISIBILITY))
    found = total(counts)
    return (
        f"{len(scenes) / seconds:.0f} images/s, precision {found.precision:.3f}, "
        f"recall {found.recall:.3f}, F1 {found.f1:.3f}"
    )


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    texts = [render_scene(0, "train", index, 16)["graph"] for index in range(PRIOR_SCENES)]
    prior = SizePrior.fit(SceneGraph.from_json(text) for text in texts)
    scenes = [render_scene(0, "test", index) for index in range(count)]
    measure(scenes[:2], prior, noisy_and_eroded)  # imports Open3D
    for name, disturb in (
        ("gold depth and instances", as_given),
        ("2 % noise, masks eroded by 2 pixels", noisy_and_eroded),
        ("masks 1 pixel too wide", bleeding),
    ):
        print(f"{name}: {measure(scenes, prior, disturb)}")
