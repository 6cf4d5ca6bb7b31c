"""Gaussian diffusion of token embeddings, the continuous counterpart of Table 6.

    q(x_t | x_0) = N(√ᾱ_t e(x_0), (1 - ᾱ_t) I)

with fixed embeddings e. The network still predicts p(x_0 | x_t) over classes; the reverse step is
Gaussian about the mean embedding x̂_0 = Σ_k p_k e(k), and x_0 is drawn from p at t = 1, so that the
bound is one on token probabilities and compares with the discrete kernels' (Li et al. 2022,
"Diffusion-LM"; Dieleman et al. 2022, "Continuous diffusion for categorical data").
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from typing_extensions import override

from spatial_dual.diffusion.categorical import (
    Noise,
    normal_noise,
    sample_categorical,
    uniform_noise,
)
from spatial_dual.diffusion.divergence import total_kl
from spatial_dual.diffusion.interface import Kernel, KernelConfig
from spatial_dual.diffusion.prediction import Probabilities
from spatial_dual.diffusion.schedules import SCHEDULES
from spatial_dual.diffusion.tables import TimeTables

EMBEDDING_SEED = 0
DEFAULT_EMBEDDING_DIM = 16
"""Tells K = 500 classes apart at about ᾱ = 1/2, in the middle of the linear schedule; wider
embeddings are told apart under more noise, which leaves most of the chain nothing to decide."""


class ContinuousKernel(Kernel):
    """Gaussian noise on embeddings: states are vectors (batch, tokens, d), float32.

    Embeddings are random directions of length √d, the same for every kernel of equal K and d.

    Args:
        config: classes, steps, schedule of ᾱ and embedding_dim.
    """

    def __init__(self, config: KernelConfig) -> None:
        self.config = config
        alpha = SCHEDULES[config.schedule](config.steps)
        self._tables = TimeTables(alpha[None])
        self._embeddings = random_embeddings(config.classes, self.state_dim)

    @property
    @override
    def mask_index(self) -> None:
        return None

    @property
    @override
    def state_dim(self) -> int:
        return self.config.embedding_dim or DEFAULT_EMBEDDING_DIM

    @override
    def to_states(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens, self._embeddings.to(tokens.device))

    @override
    def to_tokens(self, states: Tensor) -> Tensor:
        # all embeddings are equally long, so the nearest is the one of the largest product
        with torch.autocast(states.device.type, enabled=False):
            nearest = (states @ self._embeddings.to(states.device).T).argmax(-1)
        # NaN is near to nothing: the class K, which is none, as where a discrete chain draws it
        return torch.where(states[..., 0].isnan(), self.config.classes, nearest)

    @override
    def is_masked(self, x_t: Tensor) -> Tensor:
        return x_t.new_zeros(x_t.shape[:2], dtype=torch.bool)

    @override
    def masked_share(self, t: int) -> float:
        return 0.0

    @property
    @override
    def prior_kl(self) -> float:
        # ½ (ᾱ ‖e‖² - d ᾱ - d ln(1 - ᾱ)) with ‖e‖² = d
        alpha = float(self._tables.rows[0, -1])
        return float(-0.5 * self.state_dim * np.log1p(-alpha))

    @override
    def sample_prior(
        self,
        shape: tuple[int, int],
        noise: Noise,
        device: torch.device | str = "cpu",
    ) -> Tensor:
        return normal_noise((*shape, self.state_dim), noise, device)

    @override
    def sample_forward(
        self, x_0: Tensor, t: Tensor, noise: Noise, mask: Tensor | None = None
    ) -> Tensor:
        alpha = self._alpha_bar(t)
        clean = self.to_states(x_0)
        drawn = normal_noise(clean.shape, noise, x_0.device)
        x_t = (alpha.sqrt() * clean + (1 - alpha).sqrt() * drawn).float()
        return x_t if mask is None else torch.where(mask.unsqueeze(-1), x_t, clean)

    @override
    def sample_posterior(
        self,
        x_t: Tensor,
        probabilities: Probabilities,
        t: Tensor,
        s: Tensor,
        noise: Noise,
        reveal: Tensor | None = None,
    ) -> Tensor:
        predicted = probabilities[:]
        mean, variance = self.posterior_moments(x_t, self.mean_embedding(predicted), t, s)
        x_s = mean + variance.sqrt() * normal_noise(x_t.shape, noise, x_t.device)
        uniform = uniform_noise(x_t.shape[:2], noise, x_t.device)
        classes = sample_categorical(predicted, uniform)
        drawn = self.to_states(classes.clamp_max(self.config.classes - 1))
        drawn = torch.where((classes < self.config.classes)[..., None], drawn, torch.nan)
        return torch.where((s == 0)[:, None, None], drawn, x_s.float())

    def posterior_moments(
        self, x_t: Tensor, clean: Tensor, t: Tensor, s: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mean (batch, tokens, d) and variance (batch, 1, 1) of q(x_s | x_t, x_0), float64.

        ``clean`` is e(x_0) or a mean of embeddings, (batch, tokens, d).
        """
        if t.device.type == "cpu" and bool((s >= t).any()):
            raise ValueError(f"s must lie below t, got t={t.tolist()} and s={s.tolist()}")
        alpha_s, alpha_t = self._alpha_bar(s), self._alpha_bar(t)
        step = alpha_t / alpha_s
        by_clean = alpha_s.sqrt() * (1 - step) / (1 - alpha_t)
        by_noisy = step.sqrt() * (1 - alpha_s) / (1 - alpha_t)
        return by_clean * clean + by_noisy * x_t, (1 - alpha_s) * (1 - step) / (1 - alpha_t)

    def mean_embedding(self, probabilities: Tensor) -> Tensor:
        """x̂_0 = Σ_k p_k e(k), (batch, tokens, d), of probabilities (batch, tokens, K), fp32."""
        with torch.autocast(probabilities.device.type, enabled=False):
            return probabilities @ self._embeddings.to(probabilities)

    @override
    def posterior_kl(
        self, x_t: Tensor, x_0: Tensor, logits: Tensor, t: Tensor, s: Tensor
    ) -> tuple[Tensor, Tensor]:
        log_probabilities = logits.float().log_softmax(-1)
        predicted = self.mean_embedding(log_probabilities.exp())
        gaussian = self._gaussian_kl(self.to_states(x_0), predicted, t, s)
        log_at_x_0 = log_probabilities.gather(-1, x_0.unsqueeze(-1)).squeeze(-1)
        return torch.where((s == 0).unsqueeze(-1), -log_at_x_0, gaussian), log_at_x_0

    @override
    def prediction_kl(
        self, x_t: Tensor, log_p: Tensor, log_q: Tensor, t: Tensor, s: Tensor
    ) -> Tensor:
        p, q = log_p.exp(), log_q.exp()
        gaussian = self._gaussian_kl(self.mean_embedding(p), self.mean_embedding(q), t, s)
        return torch.where((s == 0).unsqueeze(-1), total_kl(p, q), gaussian)

    @override
    def is_predicted(self, x_t: Tensor) -> Tensor:
        return x_t.new_ones(x_t.shape[:2], dtype=torch.bool)

    def _gaussian_kl(self, first: Tensor, second: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """½ (SNR_s - SNR_t) ‖x_0 - x̂_0‖², SNR = ᾱ / (1 - ᾱ); any finite number at s = 0."""
        earlier, later = self._alpha_bar(s.clamp_min(1)), self._alpha_bar(t)
        gain = (earlier / (1 - earlier) - later / (1 - later)).squeeze(-1).float()
        return 0.5 * gain * (first - second).square().sum(-1)

    def _alpha_bar(self, t: Tensor) -> Tensor:
        return self._tables.at(t)[0].unsqueeze(-1)


def random_embeddings(classes: int, dim: int) -> Tensor:
    """K random directions of length √d, (K, d) float32; a function of K and d alone."""
    draws = np.random.default_rng(EMBEDDING_SEED).standard_normal((classes, dim))
    unit = draws / np.linalg.norm(draws, axis=1, keepdims=True)
    return torch.from_numpy(unit * dim**0.5).float()
