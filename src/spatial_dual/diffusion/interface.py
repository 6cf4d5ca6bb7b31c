"""What a kernel and a denoiser are, and the configuration that defines a kernel."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from spatial_dual.diffusion.categorical import Noise
from spatial_dual.diffusion.prediction import Probabilities
from spatial_dual.diffusion.schedules import SCHEDULES

KERNELS = ("uniform", "absorbing", "mask_and_replace", "continuous")


@dataclass(frozen=True)
class KernelConfig:
    """What defines a kernel; plain values, so ``dataclasses.asdict`` gives its JSON.

    Attributes:
        name: "uniform", "absorbing", "mask_and_replace" or "continuous".
        classes: K, the number of token values without the mask state.
        steps: T, the number of noising steps.
        schedule: "linear", "cosine" or "vq_diffusion".
        mask_share: share of the noise that masks (mask_and_replace only); None: the schedule's.
        embedding_dim: width d of the states (continuous only); None: 16.

    Raises:
        ValueError: a value out of range, with the value.
    """

    name: str
    classes: int
    steps: int
    schedule: str = "linear"
    mask_share: float | None = None
    embedding_dim: int | None = None

    def __post_init__(self) -> None:
        if self.name not in KERNELS:
            raise ValueError(f"unknown kernel {self.name!r}; choose from {KERNELS}")
        if self.schedule not in SCHEDULES:
            raise ValueError(f"unknown schedule {self.schedule!r}; choose from {list(SCHEDULES)}")
        if self.classes < 2:
            raise ValueError(f"classes must be at least 2, got {self.classes}")
        if self.steps < 2:
            raise ValueError(f"steps must be at least 2, got {self.steps}")
        self._check_reader("mask_share", "mask_and_replace")
        self._check_reader("embedding_dim", "continuous")
        if self.mask_share is not None and not 0 < self.mask_share < 1:
            raise ValueError(f"mask_share must lie strictly in 0..1, got {self.mask_share}")
        if self.embedding_dim is not None and self.embedding_dim < 1:
            raise ValueError(f"embedding_dim must be at least 1, got {self.embedding_dim}")

    def _check_reader(self, setting: str, kernel: str) -> None:
        value = getattr(self, setting)
        if value is not None and self.name != kernel:
            raise ValueError(f"{setting}={value} is only read by {kernel}, not {self.name!r}")


class Denoiser(Protocol):
    """A network with its condition closed over."""

    def __call__(self, z_t: Tensor, t: Tensor) -> Tensor:
        """Logits of x_0, (batch, tokens, K), from states of a kernel at times (batch,)."""


class Kernel(ABC):
    """A noising process over tokens and its reversal; knows no network.

    Tokens x_0 are class indices 0..K-1 of shape (batch, tokens). States x_t are what noise makes of
    them: class indices and perhaps a mask, (batch, tokens), or vectors (batch, tokens, state_dim).
    t and s are (batch,) long with 0 <= s < t <= T; any stride t - s is allowed. Predictions of x_0
    are over the K classes only.
    """

    config: KernelConfig

    @property
    def classes(self) -> int:
        """K, the number of token values."""
        return self.config.classes

    @property
    def steps(self) -> int:
        """T, the number of noising steps."""
        return self.config.steps

    @property
    def state_dim(self) -> int | None:
        """Width of a state; None where states are indices."""
        return None

    def to_states(self, tokens: Tensor) -> Tensor:
        """Clean states of tokens (batch, tokens)."""
        return tokens

    def to_tokens(self, states: Tensor) -> Tensor:
        """The nearest class, or the mask, of every state, (batch, tokens)."""
        return states

    @property
    @abstractmethod
    def mask_index(self) -> int | None:
        """State index of the mask, K; None when the kernel has none."""

    @abstractmethod
    def is_masked(self, x_t: Tensor) -> Tensor:
        """Where a token is in the mask state, (batch, tokens) bool."""

    @abstractmethod
    def masked_share(self, t: int) -> float:
        """gamma_bar_t, the expected share of masked tokens at time ``t``."""

    @property
    @abstractmethod
    def prior_kl(self) -> float:
        """KL(q(x_T | x_0) || prior) of one token in nats; the same for every x_0."""

    @abstractmethod
    def sample_prior(
        self,
        shape: tuple[int, int],
        noise: Noise,
        device: torch.device | str = "cpu",
    ) -> Tensor:
        """Draws states x_T of ``shape`` (batch, tokens)."""

    @abstractmethod
    def sample_forward(
        self, x_0: Tensor, t: Tensor, noise: Noise, mask: Tensor | None = None
    ) -> Tensor:
        """Draws x_t ~ q(x_t | x_0) where ``mask`` (batch, tokens) is true, clean elsewhere."""

    @abstractmethod
    def sample_posterior(
        self,
        x_t: Tensor,
        probabilities: Probabilities,
        t: Tensor,
        s: Tensor,
        noise: Noise,
        reveal: Tensor | None = None,
    ) -> Tensor:
        """Draws x_s ~ p(x_s | x_t), which a prediction p(x_0 | x_t) defines.

        Discrete kernels sum q(x_s | x_t, x_0) p(x_0 | x_t) over x_0; the continuous one puts the
        mean embedding in the place of x_0.

        Args:
            x_t: states.
            probabilities: p(x_0 | x_t), (batch, tokens, K), fp32, or what gives it by index.
            t: time of x_t, (batch,).
            s: time to draw, (batch,), below t.
            noise: source of all noise.
            reveal: which masked tokens leave the mask state now, (batch, tokens) bool; None
                leaves that to chance.
        """

    @abstractmethod
    def posterior_kl(
        self, x_t: Tensor, x_0: Tensor, logits: Tensor, t: Tensor, s: Tensor
    ) -> tuple[Tensor, Tensor]:
        """KL(q(x_s | x_t, x_0) || p(x_s | x_t)) and log p(x_0 | x_t), per token, differentiable.

        Both (batch, tokens), nats. At s = 0 the first is -log p(x_0 | x_t); where x_t = x_0 was
        left clean it is finite. ``logits`` are of x_0, (batch, tokens, K), any float dtype.
        """

    @abstractmethod
    def prediction_kl(
        self, x_t: Tensor, log_p: Tensor, log_q: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        """KL(p(x_s | x_t) || q(x_s | x_t)) of two predictions of x_0, per token, differentiable.

        ``log_p`` and ``log_q`` are log-probabilities (batch, tokens, K). Paper: Eq. 2, 3.
        """

    @abstractmethod
    def is_predicted(self, x_t: Tensor) -> Tensor:
        """Where the reversal reads the prediction, (batch, tokens) bool."""
