"""A prediction of x_0 whose probabilities are computed for those tokens that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from spatial_dual.diffusion.filtering import guide, keep_top_p, tempered


class Logits(Protocol):
    """Logits of x_0 by index; a tensor (batch, tokens, K) is one."""

    @property
    def shape(self) -> Sequence[int]:
        """(batch, tokens, K)."""
        ...

    def __getitem__(self, where: slice | tuple[Tensor, ...], /) -> Tensor:
        """Logits (…, K) of all tokens ([:]), or of those at indices [rows, columns]."""
        ...


class Probabilities(Protocol):
    """p(x_0 | x_t) by index; a tensor (batch, tokens, K) is one."""

    def __getitem__(self, where: slice | tuple[Tensor, ...], /) -> Tensor:
        """fp32 probabilities (…, K) of all tokens ([:]), or of those at indices [rows, columns]."""
        ...


@dataclass(frozen=True)
class Prediction:
    """Logits on their way to probabilities: guided, tempered, truncated.

    Most tokens keep their state in a step of a discrete chain, whatever is predicted, and passes
    over K for every token are half the cost of a small denoiser.

    Attributes:
        logits: of x_0 given the condition, (batch, tokens, K).
        unconditional: without it; None leaves guidance out.
        guidance: factor of classifier-free guidance.
        temperature: divides the guided logits.
        top_p: share of the mass to keep.
    """

    logits: Logits
    unconditional: Logits | None = None
    guidance: float = 1.0
    temperature: float = 1.0
    top_p: float = 1.0

    def __getitem__(self, where: slice | tuple[Tensor, ...]) -> Tensor:
        """Probabilities there, see ``Probabilities``.

        Raises:
            FloatingPointError: a logit is NaN or +inf, on the CPU.
        """
        logits = self.logits[where]
        if self.unconditional is not None:
            logits = guide(logits, self.unconditional[where], self.guidance)
        probabilities = tempered(logits, self.temperature)
        _check_numbers(probabilities)
        return keep_top_p(probabilities, self.top_p)


def _check_numbers(probabilities: Tensor) -> None:
    """One bad logit makes a whole row NaN, so that one column tells.

    Other devices than the CPU are not waited for; the class K, which is none, stops the sampler at
    the chain's end.
    """
    first = probabilities[..., 0]
    if first.device.type == "cpu" and bool(first.isnan().any()):
        raise FloatingPointError(
            f"the denoiser gave NaN or infinite logits for {int(first.isnan().sum())} of "
            f"{first.numel()} tokens; its weights are damaged, or guidance is far too large"
        )
