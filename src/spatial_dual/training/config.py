"""Settings of one training and the seed-and-step rule for its batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from spatial_dual.seeding import derive_seed


@dataclass(frozen=True)
class FitConfig:
    """Budget and optimisers of one training (linear warm-up, cosine decay).

    Attributes:
        steps: optimiser updates; a budget is steps, never seconds. 0 leaves a training out: the
            model keeps its starting weights.
        max_steps: upper cap on ``steps`` for any environment (``train.max_steps``).
        learning_rate: of AdamW.
        matrix_learning_rate: of Muon for the weight matrices of layers; None leaves them to AdamW.
        matrix_modules: parts of the model whose matrices those are; None means all. Muon's work
            does not depend on the batch: for many weights and few examples AdamW is faster.
        module_rates: factors of both learning rates for parts of the model by their name, where a
            part comes trained and others are new; 1 for those not named.
        gradient_clip: largest norm of the gradients of all parts that ``module_clips`` does not
            name, together.
        module_clips: largest norm of each part's own gradients, by its name.
        final_lr_ratio: learning rate at the last step as a share of the peak.
        ema_decay: decay of the exponential moving average of the weights; 0 keeps the raw ones.
        precision: "float32", "bfloat16" (autocast) or "auto" (bfloat16 where it is native).
        device: "cpu", "cuda" or "auto".
        processes: that train together, each on its own ``batch_size`` examples, GPU and noise; the
            mean of their gradients makes one update.

    Raises:
        ValueError: a value out of range, with the value in the message.
    """

    steps: int
    batch_size: int
    learning_rate: float
    matrix_learning_rate: float | None = None
    matrix_modules: tuple[str, ...] | None = None
    module_rates: Mapping[str, float] | None = None
    module_clips: Mapping[str, float] | None = None
    warmup_steps: int = 50
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.98)
    gradient_clip: float = 1.0
    ema_decay: float = 0.99
    final_lr_ratio: float = 0.05
    seed: int = 0
    precision: str = "auto"
    device: str = "auto"
    checkpoint_every: int = 200
    processes: int = 1
    max_steps: int | None = None

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ValueError(f"steps must not be negative, got {self.steps}")
        positive = ("batch_size", "learning_rate", "gradient_clip", "checkpoint_every", "processes")
        for name in (*positive, "matrix_learning_rate"):
            if getattr(self, name) is not None and not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        for field in ("module_rates", "module_clips"):
            for name, value in (getattr(self, field) or {}).items():
                if not value > 0:
                    raise ValueError(f"{field}.{name} must be positive, got {value}")
        if not 0 <= self.ema_decay < 1:
            raise ValueError(f"ema_decay must be in [0, 1), got {self.ema_decay}")
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise ValueError(f"precision must be auto, float32 or bfloat16, got {self.precision!r}")
        if self.max_steps is not None and self.max_steps < 1:
            raise ValueError(f"train.max_steps must be at least 1, got {self.max_steps}")

    @property
    def total_steps(self) -> int:
        """Updates that will really be made."""
        return self.steps if self.max_steps is None else min(self.steps, self.max_steps)

    def rate_at(self, step: int) -> float:
        """Factor of the learning rates: linear warm-up to 1, a cosine to ``final_lr_ratio``."""
        warmup = min(self.warmup_steps, max(1, self.total_steps // 5))
        if step < warmup:
            return (step + 1) / warmup
        done = (step - warmup) / max(1, self.total_steps - warmup)
        cosine = 0.5 * (1 + float(np.cos(np.pi * done)))
        return self.final_lr_ratio + (1 - self.final_lr_ratio) * cosine


def batch_indices(examples: int, batch_size: int, seed: int, step: int) -> np.ndarray:
    """Example indices of one batch, ``(batch_size,)``: a pure function of seed and step.

    Batches walk through one permutation of all examples per epoch; a batch that meets an epoch's
    end goes on in the next permutation, so no example is skipped.
    """
    positions = np.arange(step * batch_size, (step + 1) * batch_size)
    epochs, offsets = np.divmod(positions, examples)
    first, last = int(epochs[0]), int(epochs[-1])
    parts = [_permutation(examples, seed, e)[offsets[epochs == e]] for e in range(first, last + 1)]
    return np.concatenate(parts)


@lru_cache(maxsize=4)
def _permutation(examples: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng(derive_seed(seed, "epoch", epoch)).permutation(examples)
