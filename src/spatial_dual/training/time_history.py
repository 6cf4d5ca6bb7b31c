"""Importance-sampled noise levels in a training: what must be remembered from step to step."""

import torch
import torch.distributed as dist
from torch import Tensor

from spatial_dual.diffusion import LossHistory, Timesteps


class TimeHistory:
    """A ``LossHistory`` that lives through a training, its checkpoints and its workers.

    Workers add each other's losses, so that all hold one history and rank 0's checkpoint is
    everybody's.

    Args:
        steps: T of the kernel.
    """

    def __init__(self, steps: int) -> None:
        self._history = LossHistory.empty(steps)

    def draw(self, batch: int, generator: torch.Generator) -> Timesteps:
        """Times of a batch, on the CPU, see ``LossHistory.draw``."""
        return self._history.draw(batch, generator)

    def add(self, t: Tensor, term: Tensor) -> None:
        """Take note of the VLB terms (batch,) at the times (batch,); one not finite is left out."""
        t, term = _of_all_workers(t), _of_all_workers(term.detach())
        finite = term.isfinite()
        self._history = self._history.updated(t[finite], term[finite])

    def state_dict(self) -> dict[str, Tensor]:
        """What a checkpoint keeps."""
        history = self._history
        return {"second_moment": history.second_moment, "count": history.count}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Inverse of ``state_dict``."""
        self._history = LossHistory(state["second_moment"], state["count"])


def _of_all_workers(values: Tensor) -> Tensor:
    if not dist.is_initialized():
        return values
    parts = [torch.empty_like(values) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, values.contiguous())
    return torch.cat(parts)
