"""Data-parallel training in worker processes, through accelerate, started from inside a node.

The process that starts the workers only waits: they train, the first of them writes checkpoints
and hands back the weights. They are given a function and its arguments and know nothing of Kedro.
"""

import copy
import json
import os
import signal
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spatial_dual import child_processes
from spatial_dual.devices import choose_device
from spatial_dual.training.stopping import StopRequest

WAIT_SECONDS = 1.0
GRACE_SECONDS = 60.0
"""For workers whose parent has ended: their step, and a checkpoint."""


class LostWorkerError(RuntimeError):
    """A training process was killed or hangs; the message names it and says what to do."""


class Workers:
    """What a training process knows of the others; this one is alone.

    Attributes:
        rank: 0 for the process that reports and writes.
        count: processes that train together.
    """

    rank: int = 0
    count: int = 1

    def device(self, name: str) -> torch.device:
        """Where this process trains, see ``devices.choose_device``."""
        return choose_device(name)

    def wrap(self, module: nn.Module) -> nn.Module:
        """A module whose gradients are the mean over all processes."""
        return module

    def own_part(self, indices: np.ndarray) -> np.ndarray:
        """This process's equal part of a batch that all of them share."""
        return indices[self.rank :: self.count]

    def mean(self, parts: dict[str, Tensor]) -> dict[str, Tensor]:
        """Mean of each loss part over all processes."""
        return parts

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        return flag


class AcceleratedWorkers(Workers):
    """One of several processes, joined by accelerate: NCCL on GPUs, Gloo on the CPU.

    Args:
        on_cpu: whether to train there.
        patience: seconds after which another one that is waited for counts as hung.
    """

    def __init__(self, on_cpu: bool, patience: float) -> None:
        from accelerate import (
            Accelerator,
            DistributedDataParallelKwargs,
            InitProcessGroupKwargs,
        )

        # losses leave parts of a model out, as a batch may
        options = DistributedDataParallelKwargs(find_unused_parameters=True)
        group = InitProcessGroupKwargs(timeout=timedelta(seconds=patience))
        self._accelerator = Accelerator(cpu=on_cpu, kwargs_handlers=[options, group])
        self.rank = self._accelerator.process_index
        self.count = self._accelerator.num_processes

    def device(self, name: str) -> torch.device:
        """This process's own GPU, or the CPU."""
        device: torch.device = self._accelerator.device
        return device

    def wrap(self, module: nn.Module) -> nn.Module:
        """``module`` under DistributedDataParallel; start weights are those of rank 0."""
        wrapped: nn.Module = self._accelerator.prepare(module)
        return wrapped

    def mean(self, parts: dict[str, Tensor]) -> dict[str, Tensor]:
        """One all-reduce for all parts."""
        values = torch.stack([part.detach().float() for part in parts.values()])
        means = self._accelerator.reduce(values, reduction="mean")
        return dict(zip(parts, means.unbind(), strict=True))

    def any(self, flag: bool) -> bool:
        """One all-reduce."""
        votes = torch.tensor(float(flag), device=self._accelerator.device)
        return bool(self._accelerator.reduce(votes, reduction="sum") > 0)


def run_workers(
    train: Callable[..., dict[str, Any]], count: int, device: str, model: nn.Module, *rest: Any
) -> dict[str, Any]:
    """Run ``train(workers, model, *rest)`` in ``count`` processes; ``model`` gets rank 0's weights.

    Everything is handed over by pickling, so ``train`` is a function of a module.

    Args:
        train: gives a JSON-ready result.
        count: processes.
        device: "cpu", "cuda" or "auto", see ``devices.choose_device``.
        model: trained in place.
        rest: further arguments.

    Raises:
        ValueError: fewer GPUs than processes.
        KeyboardInterrupt: Ctrl-C, SIGTERM or SIGHUP, once the workers have stopped.
        LostWorkerError: a worker was killed, or has hung for ``HANG_SECONDS``.
    """
    on_cpu = choose_device(device).type == "cpu"
    if not on_cpu and torch.cuda.device_count() < count:
        raise ValueError(
            f"train.processes is {count}, but there are {torch.cuda.device_count()} GPUs"
        )
    model.share_memory()
    with TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        context = torch.multiprocessing.start_processes(
            _work,
            args=(
                *(_meeting_point(count, on_cpu), on_cpu, child_processes.HANG_SECONDS),
                *(result, train, model, rest),
            ),
            nprocs=count,
            join=False,
            start_method="spawn",
        )
        _wait(context)
        return dict(json.loads(result.read_text()))


def _wait(context: torch.multiprocessing.ProcessContext) -> None:
    with StopRequest() as stop:
        told = False
        try:
            while not context.join(WAIT_SECONDS):
                if stop.made and not told:
                    told = True  # once: a worker takes a second signal for impatience
                    for process in context.processes:
                        process.terminate()
        except torch.multiprocessing.ProcessExitedException as error:
            if not stop.made:
                raise _lost(context) or error from error
        except torch.multiprocessing.ProcessRaisedException as error:
            # of those that waited for one that was killed or hangs
            raise _lost(context) or error from error
        except KeyboardInterrupt:  # a second one: at once
            for process in context.processes:
                process.kill()
            raise
    if stop.made:
        raise KeyboardInterrupt("stopped with all workers")


def _lost(context: torch.multiprocessing.ProcessContext) -> LostWorkerError | None:
    """Names the workers that ended by SIGKILL: others', or ours because they did not answer."""
    codes = [process.exitcode for process in context.processes]
    lost = [f"{rank + 1} of {len(codes)}" for rank, c in enumerate(codes) if c == -signal.SIGKILL]
    if not lost:
        return None
    return LostWorkerError(
        f"training process {', '.join(lost)} was killed, perhaps for lack of memory, or did not "
        f"answer for {child_processes.HANG_SECONDS:.0f} s; run again to go on from the last "
        "checkpoint"
    )


def _work(
    rank: int,
    environment: dict[str, str],
    on_cpu: bool,
    patience: float,
    result: Path,
    train: Callable[..., dict[str, Any]],
    model: nn.Module,
    rest: tuple[Any, ...],
) -> None:
    os.setsid()  # Ctrl-C reaches the waiting process alone, which passes it on
    child_processes.end_with_parent(GRACE_SECONDS)
    os.environ |= environment | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    workers = AcceleratedWorkers(on_cpu, patience)
    own = copy.deepcopy(model)  # the weights that were handed over are all processes' memory
    report = train(workers, own, *rest)
    if workers.rank == 0:
        model.load_state_dict(own.state_dict())
        result.write_text(json.dumps(report))
    torch.distributed.destroy_process_group()


def _meeting_point(count: int, on_cpu: bool) -> dict[str, str]:
    """Environment by which torch.distributed finds the processes of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threads = max(1, torch.get_num_threads() // count) if on_cpu else torch.get_num_threads()
    return {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "OMP_NUM_THREADS": str(threads),
    }
