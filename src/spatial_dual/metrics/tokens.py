"""Figures of the tokenizers and of CLIP: reconstruction, use of the codebook, retrieval."""

import numpy as np

from spatial_dual.metrics.undefined import UndefinedMetricError, check_finite, check_varied


def psnr_db(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each image, ``(n,)`` in dB: 10 log10(255² / MSE).

    Infinite for equal images.

    Args:
        images: uint8 ``(n, H, W, 3)``.
        reconstructions: the same shape and type.

    Raises:
        ValueError: shapes differ or the arrays are not uint8.
    """
    if images.shape != reconstructions.shape:
        raise ValueError(f"shapes differ: {images.shape} and {reconstructions.shape}")
    if images.dtype != np.uint8 or reconstructions.dtype != np.uint8:
        raise ValueError(f"images must be uint8, got {images.dtype} and {reconstructions.dtype}")
    difference = images.astype(np.float32) - reconstructions
    error = np.square(difference).mean(axis=(1, 2, 3), dtype=np.float64)
    with np.errstate(divide="ignore"):
        decibels: np.ndarray = 10 * np.log10(255.0**2 / error)
    return decibels


def code_histogram(codes: np.ndarray, size: int) -> np.ndarray:
    """How often each of ``size`` codes appears, ``(size,)``; histograms of chunks add up.

    Raises:
        ValueError: a code outside ``0 … size - 1``.
    """
    flat = np.asarray(codes, np.int64).ravel()
    if flat.size and not 0 <= flat.min() <= flat.max() < size:
        raise ValueError(f"codes {flat.min()}..{flat.max()} are outside 0..{size - 1}")
    return np.bincount(flat, minlength=size)


def codes_used(histogram: np.ndarray) -> float:
    """Share of the codebook that appears at least once; NaN where no code was counted."""
    if not histogram.any():
        return float("nan")
    return float(np.mean(histogram > 0))


def perplexity(histogram: np.ndarray) -> float:
    """exp(entropy) of the codes: the number of codes that an even use would have.

    NaN where no code was counted.
    """
    if not histogram.any():
        return float("nan")
    share = histogram[histogram > 0] / histogram.sum()
    return float(np.exp(-np.sum(share * np.log(share))))


def recall_at_1(similarity: np.ndarray, group: int = 100) -> float:
    """Share of texts whose own image is nearest among ``group`` images.

    Args:
        similarity: ``(n texts, n images)``, pairs on the diagonal.
        group: images to choose from; groups are consecutive rows, an incomplete last one is left
            out unless it is the only one.

    Raises:
        UndefinedMetricError: fewer than 2 images, or similarities that are not finite, or all
            equal.
    """
    if len(similarity) < 2:
        raise UndefinedMetricError(f"retrieval needs at least 2 pictures, got {len(similarity)}")
    check_finite(similarity, "similarities of texts")
    check_varied(similarity.reshape(-1), "similarities")
    group = min(group, len(similarity))
    starts = range(0, len(similarity) - group + 1, group)
    blocks = np.stack([similarity[s : s + group, s : s + group] for s in starts])
    return float(np.mean(blocks.argmax(axis=2) == np.arange(group)))
