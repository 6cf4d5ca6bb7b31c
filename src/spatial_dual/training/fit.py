"""The one training loop, used by every model of the project."""

import hashlib
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from spatial_dual.devices import has_native_bfloat16
from spatial_dual.models.transformer import compile_blocks
from spatial_dual.progress import progress_bar
from spatial_dual.seeding import torch_generator
from spatial_dual.training.bytecode import code_digest
from spatial_dual.training.checkpoint import CheckpointStore, Progress
from spatial_dual.training.config import FitConfig, batch_indices
from spatial_dual.training.distributed import Workers, run_workers
from spatial_dual.training.fingerprint import bytes_of, training_fingerprint
from spatial_dual.training.meter import Meter
from spatial_dual.training.optimizers import Optimizers, clipped_parts
from spatial_dual.training.state import DamagedStateError, check_state
from spatial_dual.training.stopping import StopRequest

Batch = dict[str, Tensor]
LossFn = Callable[[nn.Module, Batch, torch.Generator], dict[str, Tensor]]
MAX_SKIPPED_IN_A_ROW = 20
SKIPPED_SHARE_TO_WARN = 0.05
"""Share of updates left out from which a training says so, at the interval's and at its own end."""
LOG_ROWS = 100

logger = logging.getLogger(__name__)


class BatchSource(Protocol):
    """Examples by index; augmentation draws only from the generator it is handed."""

    def __len__(self) -> int: ...

    def load(self, indices: np.ndarray, generator: torch.Generator) -> Batch:
        """Tensors whose first axis follows ``indices``."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A loss that carries something from step to step, so that checkpoints must keep it."""

    def state_dict(self) -> dict[str, Tensor]:
        """What the next step depends on."""
        ...

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Inverse of ``state_dict``."""
        ...


class TrainingDivergedError(RuntimeError):
    """Losses or gradients stayed non-finite; the message names the step and the loss parts."""


@dataclass(frozen=True)
class TrainingLog:
    """What a training leaves beside its weights.

    Attributes:
        name: the training.
        steps: updates made, skipped ones included.
        skipped: updates left out because a gradient was not finite.
        rows: mean of each loss part over the updates made in an interval, where it was finite, with
            the step at its end; a part that never was is left out.
    """

    name: str
    steps: int
    skipped: int
    rows: list[dict[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready mapping."""
        return asdict(self)


def fit(
    name: str,
    model: nn.Module,
    loss_fn: LossFn,
    data: BatchSource,
    config: FitConfig,
    store: CheckpointStore | None = None,
) -> TrainingLog:
    """Train ``model`` in place; at the end it holds the averaged (EMA) weights, on the CPU.

    Batch, augmentation and noise of step s are functions of (seed, name, s) alone, so a resumed
    training makes the very updates that an uninterrupted one makes. Parameters that do not
    require gradients stay as they are. With ``config.processes`` > 1 workers train, see
    ``training.distributed``; their noise then differs from that of one process with a larger batch.

    Args:
        name: names progress bar, log and random streams.
        loss_fn: maps (model, batch, generator) to loss parts; "loss" is the one descended. One
            that is ``Remembering`` is kept in the checkpoints too.
        store: where to keep progress; None trains without resume. Where its ``recipe`` is not
            known, all examples are loaded once more, to know this very training again.

    Raises:
        TrainingDivergedError: ``MAX_SKIPPED_IN_A_ROW`` updates in a row were not finite.
        KeyboardInterrupt: Ctrl-C, SIGTERM or SIGHUP, after the step under way and a checkpoint.
    """
    if len(data) == 0:
        raise ValueError(f"{name}: no training examples; check the stage that feeds this one")
    task = (name, loss_fn, data, config, store)
    if config.processes == 1:
        return TrainingLog(**_train(Workers(), model, *task))
    report = run_workers(_train, config.processes, config.device, model, *task)
    model.eval()
    return TrainingLog(**report)


def _train(
    workers: Workers,
    model: nn.Module,
    name: str,
    loss_fn: LossFn,
    data: BatchSource,
    config: FitConfig,
    store: CheckpointStore | None,
) -> dict[str, Any]:
    """The loop of one process; rank 0 alone reports and writes."""
    run = _Run(name, model, loss_fn, data, config, workers, store)
    run.resume()
    writes = workers.rank == 0
    bar = progress_bar(name, config.total_steps, "step", hidden=not writes, done=run.step)
    with torch.random.fork_rng(devices=[]), bar, StopRequest() as stop:
        while run.step < config.total_steps:
            run.meter.add(run.update())
            bar.update()
            if run.step % run.log_every == 0 or run.step == config.total_steps:
                run.log.append({"step": run.step, **run.meter.flush()})
                bar.set_postfix_str(f"loss {run.log[-1].get('loss', math.nan):.4g}")
                run.warn_of_skipped(hidden=not writes)
            due = run.step % config.checkpoint_every == 0 or run.step == config.total_steps
            stopped = workers.any(stop.made)
            if store and writes and (due or stopped):
                store.save(run.progress())
            if stopped:
                raise KeyboardInterrupt(f"{name}: stopped after step {run.step}")
    run.finish()
    return TrainingLog(name, run.step, run.skipped, run.log).to_dict()


class _Losses(nn.Module):
    """Model and loss as the one module whose forward pass workers synchronise."""

    def __init__(self, model: nn.Module, loss_fn: LossFn) -> None:
        super().__init__()
        self.model, self.loss_fn = model, loss_fn

    def forward(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        return self.loss_fn(self.model, batch, generator)


class _Run:
    """Model, optimiser, averaged weights and counters of one training."""

    def __init__(
        self,
        name: str,
        model: nn.Module,
        loss_fn: LossFn,
        data: BatchSource,
        config: FitConfig,
        workers: Workers,
        store: CheckpointStore | None,
    ) -> None:
        self.name, self.model, self.data, self.config = name, model, data, config
        self.loss_fn = loss_fn
        self.workers = workers
        self.device = workers.device(config.device)
        self.bfloat16 = config.precision == "bfloat16" or (
            config.precision == "auto" and has_native_bfloat16(self.device)
        )
        self.store = store
        self.fingerprint = self._fingerprint(store) if store else ""
        model.to(self.device).train()
        if self.device.type == "cuda":
            compile_blocks(model)
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self.names = [n for n, _ in named]
        self.parameters = [p for _, p in named]
        self.average = [p.detach().clone() for p in self.parameters]
        self.optimizers = Optimizers(model, config)
        self.clipped = clipped_parts(dict(named), config)
        self.step = self.skipped = self.skipped_in_a_row = 0
        self.warned = False
        self.log: list[dict[str, float]] = []
        self.log_every = max(1, config.total_steps // LOG_ROWS)
        self.meter = Meter()
        self.losses = workers.wrap(_Losses(model, loss_fn))

    def update(self) -> dict[str, Tensor]:
        """One optimiser step; returns the detached loss parts, their mean over all workers.

        None of them if it was left out.
        """
        config, step, workers = self.config, self.step, self.workers
        own_stream = () if workers.rank == 0 else ("rank", workers.rank)
        generator = torch_generator(config.seed, self.name, "step", step, *own_stream)
        # for code that draws from torch's global state (codebook restarts, dropout)
        torch.manual_seed(generator.initial_seed())
        examples = config.batch_size * workers.count
        indices = workers.own_part(batch_indices(len(self.data), examples, config.seed, step))
        batch = {k: v.to(self.device) for k, v in self.data.load(indices, generator).items()}
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            own_parts: dict[str, Tensor] = self.losses(batch, generator)
        self.optimizers.schedule(step)
        self.optimizers.zero_grad()
        own_parts["loss"].backward()
        parts = workers.mean(own_parts)
        norms = [nn.utils.clip_grad_norm_(part, limit) for limit, part in self.clipped]
        norm = torch.stack(norms).norm()
        self.step += 1
        if bool(torch.isfinite(norm)) and bool(torch.isfinite(parts["loss"])):
            self.optimizers.step()
            self._average_weights()
            self.skipped_in_a_row = 0
        else:
            self._skip(parts)
            return {}
        return {key: value.detach().float() for key, value in parts.items()}

    def _average_weights(self) -> None:
        # short trainings would otherwise average in their random start
        decay = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, list[Tensor](self.parameters), 1 - decay)

    def _skip(self, parts: dict[str, Tensor]) -> None:
        self.skipped += 1
        self.skipped_in_a_row += 1
        if self.skipped_in_a_row >= MAX_SKIPPED_IN_A_ROW:
            values = ", ".join(f"{k}={v.item():.4g}" for k, v in parts.items())
            raise TrainingDivergedError(
                f"{self.name}: {self.skipped_in_a_row} updates in a row were not finite, last at "
                f"step {self.step} ({values}); lower learning_rate ({self.config.learning_rate})"
            )

    def warn_of_skipped(self, hidden: bool) -> None:
        """Say so once if many updates were left out, and at the end how many."""
        many = self.skipped > SKIPPED_SHARE_TO_WARN * self.step
        if many and not hidden and (not self.warned or self.step == self.config.total_steps):
            logger.warning(
                "%s: %d of %d updates were not finite and were left out; lower learning_rate (%g)",
                self.name,
                self.skipped,
                self.step,
                self.config.learning_rate,
            )
            self.warned = True

    def progress(self) -> Progress:
        """Everything that the next step depends on."""
        tensors = {f"model.{n}": t for n, t in self.model.state_dict().items()}
        tensors |= {f"average.{n}": t for n, t in zip(self.names, self.average, strict=True)}
        tensors |= self.optimizers.state()
        tensors |= {f"meter.{n}": t for n, t in self.meter.sums.items()}
        if isinstance(self.loss_fn, Remembering):
            tensors |= {f"loss.{n}": t for n, t in self.loss_fn.state_dict().items()}
        return Progress(
            self.step,
            self.fingerprint,
            tensors,
            list(self.log),
            self.skipped,
            self.skipped_in_a_row,
        )

    def resume(self) -> None:
        """Take up the stored progress of this very training, if there is one."""
        store = self.store
        progress = store.load(self.fingerprint) if store else None
        if store is None or progress is None:
            return
        try:
            self._take_up(progress)
        except DamagedStateError as error:
            raise ValueError(
                f"{store.path}: damaged checkpoint ({error}); delete it to train from the start"
            ) from error
        self.step, self.log = progress.step, progress.log
        self.skipped, self.skipped_in_a_row = progress.skipped, progress.skipped_in_a_row
        self.meter.sums = progress.below("meter.")
        logger.info("%s: continues at step %d of %d", self.name, self.step, self.config.total_steps)

    def _take_up(self, progress: Progress) -> None:
        """Weights, averages, moments and what the loss remembers, once all of them fit."""
        averages = dict(zip(self.names, self.average, strict=True))
        check_state(progress.below("model."), self.model.state_dict())
        check_state(progress.below("average."), averages)
        self.optimizers.load_state(progress.tensors)
        self.model.load_state_dict(progress.below("model."))
        for name, average in averages.items():
            average.copy_(progress.tensors[f"average.{name}"])
        if isinstance(self.loss_fn, Remembering):
            remembered = progress.below("loss.")
            check_state(remembered, self.loss_fn.state_dict())
            self.loss_fn.load_state_dict(remembered)

    def finish(self) -> None:
        """Leave the averaged weights in the model, in eval mode, on the CPU."""
        with torch.no_grad():
            for parameter, average in zip(self.parameters, self.average, strict=True):
                parameter.copy_(average)
        self.optimizers.zero_grad()
        self.model.to("cpu").eval()

    def _fingerprint(self, store: CheckpointStore) -> str:
        """Of settings, starting weights, code and data.

        A change of one of them changes it, and the stored progress of another training is not taken
        up by mistake.
        """
        indices = batch_indices(len(self.data), self.config.batch_size, self.config.seed, 0)
        batch = self.data.load(indices, torch_generator(self.config.seed, self.name, "step", 0))
        tensors = {**self.model.state_dict(), **{f"batch {k}": v for k, v in batch.items()}}
        recipe = store.recipe or self._recipe()
        return training_fingerprint(
            self.name, self.config, self.loss_fn, len(self.data), tensors, recipe
        )

    def _recipe(self) -> str:
        """Digest of the code that a step reaches and of all examples."""
        found = hashlib.sha256(code_digest(self.loss_fn, self.model, self.data, fit).encode())
        size = self.config.batch_size
        for start in range(0, len(self.data), size):
            indices = np.arange(start, min(start + size, len(self.data)))
            generator = torch_generator(self.config.seed, self.name, "examples", start)
            for key, value in sorted(self.data.load(indices, generator).items()):
                found.update(f"{key} {bytes_of(value)}".encode())
        return found.hexdigest()
