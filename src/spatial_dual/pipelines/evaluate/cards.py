"""Protocol cards: what stands beside a figure so that it can be compared, or not."""

from typing import Any

import numpy as np

from spatial_dual.pipelines.types import Records

SAMPLING = ("steps", "guidance", "truncation", "temperature", "seed", "drawings")


def sampling_card(samples: Records) -> dict[str, Any]:
    """How the samples were drawn; ``truncation`` is the kept mass of p(x_0 | x_t).

    Figures named ``system`` are of the one of ``drawings`` of a caption that the model chose.
    """
    return {name: samples.values(name, [0])[0] for name in SAMPLING}


def set_hash(images: np.ndarray) -> str:
    """SHA-256 over shape and pixels of a set of pictures, (n, H, W, 3) uint8."""
    import hashlib

    digest = hashlib.sha256(str(images.shape).encode())
    digest.update(np.ascontiguousarray(images).tobytes())
    return digest.hexdigest()
