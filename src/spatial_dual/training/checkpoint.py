"""Where a training stands, in one file, so that a kill at any moment loses at most an interval."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from spatial_dual.datasets.folders import write_file

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """State after ``step`` updates.

    Attributes:
        fingerprint: of the training, see ``CheckpointStore.load``.
        tensors: weights, averages, moments and the sums of the loss interval under way, by name.
        log: rows of the finished loss intervals.
        skipped, skipped_in_a_row: updates left out so far.
    """

    step: int
    fingerprint: str
    tensors: dict[str, Tensor]
    log: list[dict[str, float]] = field(default_factory=list)
    skipped: int = 0
    skipped_in_a_row: int = 0

    def below(self, prefix: str) -> dict[str, Tensor]:
        """Tensors whose names begin so, under the rest of their names."""
        names = [name for name in self.tensors if name.startswith(prefix)]
        return {name.removeprefix(prefix): self.tensors[name] for name in names}


class CheckpointStore:
    """The checkpoint of one training, kept in ``folder/checkpoint.safetensors``.

    Crash windows: the file is written under a temporary name, flushed to disk and renamed. A kill
    before the rename leaves the previous checkpoint; after it, the new one. There is no state
    between, because tensors and bookkeeping share the one file. A SHA-256 of both in its header
    tells a damaged checkpoint from a whole one.

    Attributes:
        recipe: digest of the code, data and parameters of the training where they are known, as
            in a run of the pipelines; "" where ``fit`` has to find out for itself.
    """

    def __init__(self, folder: Path, recipe: str = "") -> None:
        self.path = Path(folder) / "checkpoint.safetensors"
        self.recipe = recipe

    def save(self, progress: Progress) -> None:
        """Replace the stored progress atomically."""
        # clone: tied weights share memory, which safetensors refuses
        tensors = {name: t.detach().cpu().clone() for name, t in progress.tensors.items()}
        header = json.dumps({k: v for k, v in vars(progress).items() if k != "tensors"})
        metadata = {"progress": header, "sha256": _digest(header, tensors)}
        # save_file would leave a temporary file of its own where a kill falls into it
        write_file(self.path, save(tensors, metadata))

    def load(self, fingerprint: str) -> Progress | None:
        """The stored progress if it belongs to the training with this fingerprint, else None.

        Raises:
            ValueError: the file is there but cannot be read; the message says what to do.
        """
        if not self.path.exists():
            return None
        try:
            progress = self._read()
        except (SafetensorError, LookupError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(
                f"{self.path}: damaged checkpoint ({error}); delete it to train from the start"
            ) from error
        if progress.fingerprint == fingerprint:
            return progress
        logger.warning(
            "%s: is of other code, data or parameters (%d steps); trains from the start",
            self.path,
            progress.step,
        )
        return None

    def clear(self) -> None:
        """Forget the progress, once the finished model is safe elsewhere."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> Progress:
        with safe_open(self.path, framework="pt") as stored:
            metadata = stored.metadata()
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        if "sha256" not in metadata:
            raise ValueError("written by another version")
        if metadata["sha256"] != _digest(metadata["progress"], tensors):
            raise ValueError("its content is not what was written: SHA-256")
        return Progress(tensors=tensors, **json.loads(metadata["progress"]))


def _digest(header: str, tensors: Mapping[str, Tensor]) -> str:
    found = hashlib.sha256(header.encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        found.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()
