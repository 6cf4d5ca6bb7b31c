"""Dense-matrix oracle of a discrete kernel: everything by definition, with K x K matrices."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from spatial_dual.diffusion import DiscreteKernel, KernelConfig

STEPS = 6
CONFIGS = [
    KernelConfig("uniform", 4, STEPS, "linear"),
    KernelConfig("uniform", 3, STEPS, "cosine"),
    KernelConfig("absorbing", 3, STEPS, "linear"),
    KernelConfig("absorbing", 4, STEPS, "vq_diffusion"),
    KernelConfig("mask_and_replace", 3, STEPS, "linear"),
    KernelConfig("mask_and_replace", 4, STEPS, "cosine", 0.5),
    KernelConfig("mask_and_replace", 4, STEPS, "vq_diffusion"),
]


@dataclass
class DenseChain:
    """One-step matrices [t][from, to] of a kernel; float64 arrays."""

    one_step: list[np.ndarray]
    classes: int

    @classmethod
    def of(cls, kernel: DiscreteKernel) -> "DenseChain":
        alpha_bar, gamma_bar = kernel.schedule.alpha_bar, kernel.schedule.gamma_bar
        matrices = [np.eye(kernel.states)]
        for t in range(1, kernel.steps + 1):
            alpha = alpha_bar[t] / alpha_bar[t - 1]
            gamma = 1 - (1 - gamma_bar[t]) / (1 - gamma_bar[t - 1])
            beta = (1 - alpha - gamma) / kernel.classes
            matrix = np.eye(kernel.states)
            matrix[: kernel.classes] *= alpha
            matrix[: kernel.classes, : kernel.classes] += beta
            if kernel.mask_index is not None:
                matrix[: kernel.classes, kernel.mask_index] = gamma
            matrices.append(matrix)
        return cls(matrices, kernel.classes)

    def between(self, s: int, t: int) -> np.ndarray:
        """q(x_t | x_s) as the product of the one-step matrices."""
        result = np.eye(len(self.one_step[0]))
        for matrix in self.one_step[s + 1 : t + 1]:
            result = result @ matrix
        return result

    def posterior(self, s: int, t: int) -> np.ndarray:
        """q(x_s | x_t, x_0) by Bayes, [x_0, x_t, x_s]; NaN where x_t cannot follow x_0."""
        until_s, until_t, step = self.between(0, s), self.between(0, t), self.between(s, t)
        joint = until_s[: self.classes, None, :] * step.T[None]
        evidence = until_t[: self.classes, :, None]
        possible = evidence > 1e-14
        return np.where(possible, joint / np.where(possible, evidence, 1), np.nan)


def config_name(config: KernelConfig) -> str:
    return f"{config.name}-{config.schedule}-{config.classes}"


@pytest.fixture(params=CONFIGS, ids=config_name)
def kernel(request: pytest.FixtureRequest) -> DiscreteKernel:
    return DiscreteKernel(request.param)


@pytest.fixture
def dense(kernel: DiscreteKernel) -> DenseChain:
    return DenseChain.of(kernel)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(7)
