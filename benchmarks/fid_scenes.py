"""What FID-scenes sees: `python -m benchmarks.fid_scenes DATA` after `kedro run` in a project.

Distances of worsened test images from training images, beside the floor of untouched ones.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from spatial_dual.datasets.record_shards import RecordShardsDataset
from spatial_dual.datasets.weights import load_model
from spatial_dual.metrics.distribution import fid
from spatial_dual.metrics.extractors import ClassifierExtractor
from spatial_dual.metrics.scene_classifier import SceneClassifier

REFERENCE = 4000


def blurred(images: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of ``sigma`` pixels."""
    return gaussian_filter(images.astype(np.float32), (0, sigma, sigma, 0)).astype(np.uint8)


def noisy(images: np.ndarray, deviation: float) -> np.ndarray:
    """White noise of ``deviation`` grey levels."""
    noise = np.random.default_rng(0).normal(0, deviation, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def shuffled(images: np.ndarray, share: float, side: int = 16) -> np.ndarray:
    """``share`` of the patches of each picture changes places."""
    rng = np.random.default_rng(0)
    count = images.shape[1] // side
    patches = images.reshape(-1, count, side, count, side, 3).swapaxes(2, 3)
    patches = patches.reshape(len(images), count**2, side, side, 3).copy()
    for own in patches:
        moved = rng.choice(count**2, round(share * count**2), replace=False)
        own[moved] = own[np.roll(moved, 1)]
    grid = patches.reshape(-1, count, count, side, side, 3).swapaxes(2, 3)
    return grid.reshape(images.shape)


WAYS: tuple[tuple[str, Callable[..., np.ndarray], tuple[float, ...]], ...] = (
    ("blur", blurred, (0.5, 1, 2, 4)),
    ("noise", noisy, (8, 16, 32, 64)),
    ("shuffle", shuffled, (0.05, 0.15, 0.5, 1)),
)


def sets(data: Path, gold: np.ndarray) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """Name and maker of each set of pictures."""
    yield "test images (floor)", lambda: gold
    for name, worsen, amounts in WAYS:
        for amount in amounts:
            yield f"{name} {amount}", partial(worsen, gold, amount)
    for name in ("samples", "samples_from_gold"):
        folder = data / "07_model_output" / name
        if folder.is_dir():
            samples = RecordShardsDataset(filepath=str(folder)).load()
            yield name, lambda s=samples: s.array("drawn", range(len(s)))  # type: ignore[misc]


def main() -> None:
    """Print a line for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="data folder of a finished run")
    data = parser.parse_args().data
    splits = {
        name: RecordShardsDataset(filepath=str(data / f"02_intermediate/scenes_{name}")).load()
        for name in ("train", "test")
    }
    model = load_model(data / "06_models/scene_classifier", SceneClassifier).eval()
    extractor = ClassifierExtractor(model)
    images = splits["train"].array("image", range(min(REFERENCE, len(splits["train"]))))
    real = extractor.features(extractor.pooled(images))
    gold = splits["test"].array("image", range(len(splits["test"])))
    for name, make in sets(data, gold):
        pictures = make()
        distance = fid(real, extractor.features(extractor.pooled(pictures)))
        print(f"{name:20} {len(pictures):5} pictures  FID-scenes {distance:9.3f}", flush=True)


if __name__ == "__main__":
    main()
