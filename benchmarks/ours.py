"""The contender: the image diffuser, loss and sampler that ``kedro run --pipelines=train`` uses."""

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from benchmarks.settings import Settings
from spatial_dual.diffusion import (
    KernelConfig,
    Prediction,
    build_kernel,
    diffusion_loss,
    sample,
    uniform_timesteps,
)
from spatial_dual.models.graph_nodes import NodeShape
from spatial_dual.models.token_diffuser import TokenCondition, TokenDiffuser, TokenDiffuserConfig

SHAPE = NodeShape(slots=8, labels=40, attributes=(12, 6), converse=tuple(range(14)), places=8)
FEATURE = 128


def random_tags(batch: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Full graphs: every slot an object with boxes, every pair related."""

    def draw(high: int, *size: int) -> Tensor:
        return torch.randint(1, high, (batch, *size), generator=generator)

    return {
        "labels": draw(SHAPE.labels, SHAPE.slots),
        "attributes": torch.stack([draw(n, SHAPE.slots) for n in SHAPE.attributes], dim=2),
        "geometry": draw(17, SHAPE.slots, 5),
        "relations": torch.ones(batch, SHAPE.pairs, SHAPE.states, dtype=torch.bool),
        "places": draw(SHAPE.places),
    }


class Ours:
    """``TokenDiffuser`` under mask-and-replace with VQ-Diffusion's schedule.

    The hourglass that ``conf`` trains: its transformer has the settings' width, depth and heads,
    its tokens half the width, as in ``conf/gpu``.
    """

    def __init__(self, settings: Settings, device: torch.device) -> None:
        self.settings, self.device = settings, device
        self.generator = torch.Generator().manual_seed(0)
        self.kernel = build_kernel(
            KernelConfig("mask_and_replace", settings.codes, settings.chain, "vq_diffusion")
        )
        config = TokenDiffuserConfig(
            SHAPE,
            codes=settings.codes,
            tokens=settings.tokens,
            condition_dim=FEATURE,
            is_grid=True,
            dim=settings.dim // 2,
            coarse_dim=settings.dim,
            trunk="hourglass",
            depth=settings.depth,
            heads=settings.heads,
        )
        self.model = TokenDiffuser(config).to(device)
        self.context = 1 + self.model.graph.tokens
        tags = random_tags(settings.batch, self.generator)
        feature = torch.randn(settings.batch, FEATURE, generator=self.generator)
        self.condition = TokenCondition(
            {name: values.to(device) for name, values in tags.items()}, feature.to(device)
        )
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, fused=True)

    def predict(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Logits of x_0, (batch, tokens, K)."""
        logits: Tensor = self.model(x_t, t, self.condition)
        return logits

    def loss(self, x_0: Tensor) -> Tensor:
        """VLB and cross-entropy, a time for each sample."""
        times = uniform_timesteps(len(x_0), self.kernel.steps, self.generator).to(self.device)
        x_t = self.kernel.sample_forward(x_0, times.t, self.generator)
        return diffusion_loss(self.kernel, self.predict(x_t, times.t), x_t, x_0, times).total

    def train(self, x_0: Tensor) -> None:
        """One update, as ``training.fit`` makes it."""
        loss = self.loss(x_0)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()

    @torch.inference_mode()
    def sample(self) -> Tensor:
        """``settings.steps`` strided steps from noise to tokens."""
        shape = (self.settings.batch, self.settings.tokens)
        read = self.model.read(self.condition)  # as ``models.generation`` does
        return sample(
            self.kernel,
            lambda x_t, t: self.model.predict(x_t, t, read),
            shape,
            self.settings.steps,
            self.generator,
            device=self.device,
        ).tokens

    @torch.inference_mode()
    def step(self, logits: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        """One posterior step from a prediction."""
        return self.kernel.sample_posterior(tokens, Prediction(logits), t, t - 1, self.generator)
