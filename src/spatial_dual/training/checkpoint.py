"""Where a training stands, in one file, so that a kill at any moment loses at most an interval."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor


@dataclass
class Progress:
    """State after ``step`` updates.

    Attributes:
        fingerprint: of the training, see ``CheckpointStore.load``.
        tensors: weights, averages, moments and the sums of the loss interval under way, by name.
        log: rows of the finished loss intervals.
        skipped, skipped_in_a_row: updates left out so far.
        metered: steps of the loss interval under way.
    """

    step: int
    fingerprint: str
    tensors: dict[str, Tensor]
    log: list[dict[str, float]] = field(default_factory=list)
    skipped: int = 0
    skipped_in_a_row: int = 0
    metered: int = 0

    def below(self, prefix: str) -> dict[str, Tensor]:
        """Tensors whose names begin so, under the rest of their names."""
        names = [name for name in self.tensors if name.startswith(prefix)]
        return {name.removeprefix(prefix): self.tensors[name] for name in names}


class CheckpointStore:
    """The checkpoint of one training, kept in ``folder/checkpoint.safetensors``.

    Crash windows: the file is written under a temporary name, flushed to disk and renamed. A kill
    before the rename leaves the previous checkpoint; after it, the new one. There is no state
    between, because tensors and bookkeeping share the one file.
    """

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / "checkpoint.safetensors"

    def save(self, progress: Progress) -> None:
        """Replace the stored progress atomically."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".tmp")
        # clone: tied weights share memory, which safetensors refuses
        tensors = {name: t.detach().cpu().clone() for name, t in progress.tensors.items()}
        header = {k: v for k, v in vars(progress).items() if k != "tensors"}
        try:
            save_file(tensors, temporary, metadata={"progress": json.dumps(header)})
            with open(temporary, "rb+") as stream:
                os.fsync(stream.fileno())
        except Exception:  # a full disk should not stay full of what is of no use
            temporary.unlink(missing_ok=True)
            raise
        os.replace(temporary, self.path)

    def load(self, fingerprint: str) -> Progress | None:
        """The stored progress if it belongs to the training with this fingerprint, else None.

        Raises:
            ValueError: the file is there but cannot be read; the message says what to do.
        """
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt") as stored:
                header = json.loads(stored.metadata()["progress"])
                if header["fingerprint"] != fingerprint:
                    return None
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
            return Progress(tensors=tensors, **header)
        except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(
                f"{self.path}: damaged checkpoint ({error}); delete it to train from the start"
            ) from error

    def clear(self) -> None:
        """Forget the progress, once the finished model is safe elsewhere."""
        self.path.unlink(missing_ok=True)
