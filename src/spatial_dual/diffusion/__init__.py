"""Diffusion of tokens or of their embeddings: kernels, losses and the sampler. Knows no model."""

from spatial_dual.diffusion.categorical import Noise
from spatial_dual.diffusion.interface import Denoiser, Kernel, KernelConfig
from spatial_dual.diffusion.kernels import DiscreteKernel, build_kernel
from spatial_dual.diffusion.loss import (
    DiffusionLoss,
    LikelihoodBound,
    LossWeights,
    diffusion_loss,
    log_likelihood_bound,
)
from spatial_dual.diffusion.prediction import Prediction
from spatial_dual.diffusion.reveal import GroupOrder, HaltonOrder, Order, PurityOrder
from spatial_dual.diffusion.sampler import Clamp, Predictor, Ramp, Samples, sample
from spatial_dual.diffusion.timesteps import LossHistory, Timesteps, uniform_timesteps

__all__ = [
    "Clamp",
    "Denoiser",
    "DiffusionLoss",
    "DiscreteKernel",
    "GroupOrder",
    "HaltonOrder",
    "Kernel",
    "KernelConfig",
    "LikelihoodBound",
    "LossHistory",
    "LossWeights",
    "Noise",
    "Order",
    "Prediction",
    "Predictor",
    "PurityOrder",
    "Ramp",
    "Samples",
    "Timesteps",
    "build_kernel",
    "diffusion_loss",
    "log_likelihood_bound",
    "sample",
    "uniform_timesteps",
]
