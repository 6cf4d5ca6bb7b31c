"""The peer: VQ-Diffusion of diffusers, denoiser and scheduler, with the training it leaves out."""

import torch
from diffusers import Transformer2DModel, VQDiffusionScheduler
from torch import Tensor
from torch.nn import functional as F

from benchmarks.settings import Settings


class VqDiffusion:
    """``Transformer2DModel`` over vector embeds, sized as ours, and ``VQDiffusionScheduler``.

    Options beside the sizes are those of the released ``vq-diffusion-ithq``; its feed-forward
    ("geglu-approximate") is the plain one of ratio 4 that ours has too.
    """

    def __init__(self, settings: Settings, device: torch.device) -> None:
        self.settings = settings
        self.model = Transformer2DModel(
            num_attention_heads=settings.heads,
            attention_head_dim=settings.dim // settings.heads,
            num_layers=settings.depth,
            cross_attention_dim=settings.dim,
            sample_size=round(settings.tokens**0.5),
            num_vector_embeds=settings.codes + 1,
            num_embeds_ada_norm=settings.chain,
            norm_type="ada_norm",
            attention_bias=True,
            activation_fn="geglu-approximate",
        ).to(device)
        self.scheduler = VQDiffusionScheduler(settings.codes + 1, settings.chain)
        self.scheduler.set_timesteps(settings.chain, device)
        self.context = torch.randn(settings.batch, settings.context, settings.dim, device=device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, fused=True)
        self.device = device

    def predict(self, x_t: Tensor, t: Tensor) -> Tensor:
        """ln p(x_0 | x_t), (batch, K, tokens); ``t`` is one number for the whole batch."""
        log_p: Tensor = self.model(
            x_t, encoder_hidden_states=self.context, timestep=t, return_dict=False
        )[0]
        return log_p

    def train(self, x_0: Tensor) -> None:
        """One update on the x_0 cross-entropy alone.

        VQ-Diffusion adds the divergence of two ``q_posterior``, dear in this scheduler; diffusers
        has no such loss, so it is left out in the peer's favour. Ours pays for both terms.
        """
        t = torch.randint(self.settings.chain, (), device=self.device)
        with torch.no_grad():
            x_t = self.noise(x_0, t)
        loss = F.nll_loss(self.predict(x_t, t), x_0)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()

    def noise(self, x_0: Tensor, t: Tensor) -> Tensor:
        """x_t of x_0: kept, replaced or masked with the scheduler's own rates."""
        kept, masked = (
            self.scheduler.log_cumprod_at[t].exp(),
            self.scheduler.log_cumprod_ct[t].exp(),
        )
        draw = torch.rand(x_0.shape, device=self.device)
        replaced = torch.randint(self.settings.codes, x_0.shape, device=self.device)
        x_t = torch.where(draw < kept, x_0, replaced)
        return torch.where(draw > 1 - masked, self.settings.codes, x_t)

    @torch.inference_mode()
    def sample(self) -> Tensor:
        """The loop of ``VQDiffusionPipeline`` without guidance and without truncation."""
        tokens = torch.full(
            (self.settings.batch, self.settings.tokens), self.settings.codes, device=self.device
        )
        # the scheduler does not stride: fewer steps would be the chain's last ones
        for t in self.scheduler.timesteps[: self.settings.steps]:
            tokens = self.step(self.predict(tokens, t), t, tokens)
        return tokens

    @torch.inference_mode()
    def step(self, log_p: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        """One posterior step from a prediction."""
        drawn: Tensor = self.scheduler.step(log_p.clamp(-70), t, tokens, return_dict=False)[0]
        return drawn
