"""Texts and images that the whole model works on, each by itself and with noise of its own."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch

from spatial_dual.datasets.images import Picture, each_square, stack_squares
from spatial_dual.devices import mixed_precision
from spatial_dual.perception.camera import Camera
from spatial_dual.progress import progress_bar
from spatial_dual.scene.text import clean_caption
from spatial_dual.seeding import torch_generator

T = TypeVar("T")


def each_source(count: int, run: Callable[[slice], T], what: str) -> list[T]:
    """Run source by source with progress; ``run`` gets the rows of one.

    Candidates of one source fill the cores. Batches of several sources would be little faster, and
    a product of another height rounds otherwise: results would depend on the neighbours.
    """
    with (
        mixed_precision(torch.device("cpu")),
        progress_bar(what, count, "item", hidden=count < 4) as bar,
    ):
        results = []
        for row in range(count):
            results.append(run(slice(row, row + 1)))
            bar.update()
    return results


def own_noise(
    seed: int, what: str, source: str | np.ndarray, count: int = 1
) -> list[torch.Generator]:
    """Noise of ``count`` samples of one source: a function of seed, purpose and content alone.

    So a text or an image with the same seed gives the same result alone, among others, and in any
    order; the first of three samples is the one of one.
    """
    if isinstance(source, str):
        key = clean_caption(source)
    else:
        key = hashlib.blake2b(source.tobytes()).hexdigest()
    return [torch_generator(seed, what, key, number) for number in range(count)]


def repeats(texts: Sequence[str]) -> list[int]:
    """How often each text stood before in the list."""
    before: Counter[str] = Counter()
    counts = []
    for text in texts:
        counts.append(before[text])
        before[text] += 1
    return counts


def read_pictures(
    pictures: Picture | Sequence[Picture], size: int, fov_deg: float
) -> tuple[np.ndarray, Sequence[Camera]]:
    """Square pixels (n, size, size, 3) of pictures, and their cameras.

    Args:
        pictures: see ``datasets.images``.
        size: side in pixels.
        fov_deg: field of view of pixels alone, and of photographs whose EXIF names none.

    Raises:
        UnreadableImageError: names the picture and the reason.
    """
    if isinstance(pictures, np.ndarray):  # pixels alone, without EXIF
        images = stack_squares(pictures, size)
        return images, [Camera(fov_deg)] * len(images)
    squares, cameras = [np.zeros((0, size, size, 3), np.uint8)], []
    for opened, pixels, crop in each_square(pictures, size):
        squares.append(pixels[None])
        cameras.append(Camera.of_photograph(opened, crop, fov_deg))
    return np.concatenate(squares), cameras


def check_no_path(source: str | Picture) -> None:
    """Raise ValueError for a text that is the path of a file."""
    if isinstance(source, str) and os.path.isfile(source):  # unlike Path's, takes long texts
        raise ValueError(
            f"{source}: a str is a text here; hand over the picture as pathlib.Path({source!r})"
        )
