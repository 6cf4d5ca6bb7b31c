"""Step 4: the three diffusers together, L_dual + L_mutual (paper Eq. 2, 3, 9, 11)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.diffusion import (
    DiffusionLoss,
    Kernel,
    LossWeights,
    diffusion_loss,
    uniform_timesteps,
)
from spatial_dual.diffusion.loss import weighted_mean
from spatial_dual.diffusion.timesteps import Timesteps
from spatial_dual.models.captioner import Captioner
from spatial_dual.models.clip import ClipEncoder
from spatial_dual.models.coarse_to_fine import CoarseToFine
from spatial_dual.models.dual import DualModel
from spatial_dual.models.graph_diffuser import GraphCondition, GraphDiffuser
from spatial_dual.models.graph_nodes import take_tags
from spatial_dual.models.token_diffuser import TokenCondition, TokenDiffuser
from spatial_dual.training.conditions import with_text_tokens
from spatial_dual.training.objectives.graph_diffusion import graph_condition
from spatial_dual.training.time_history import TimeHistory

TASKS = {"text": "T23D", "image": "I23D"}
"""The hard halves by the kind of their input."""


@dataclass(frozen=True)
class DualWeights:
    """Factors of the loss parts; 0 leaves a part out.

    Attributes:
        duality: of the gap (9).
        graph: of L_I23D and L_T23D; 0 leaves out all of L_mutual, the KL terms and teachers too.
        intermediate: of the KL terms (2), (3); 0 leaves out the teachers too.
        teacher: of the teachers' own graph losses.
        condition_dropout: share of samples whose condition the image diffuser does not see.
        detach_teacher: whether the easy halves teach only; else the graph losses reach back into
            the token diffusers, and the KL terms into the teacher's prediction.
    """

    duality: float = 0.1
    graph: float = 1.0
    intermediate: float = 0.5
    teacher: float = 1.0
    condition_dropout: float = 0.1
    detach_teacher: bool = True

    def __post_init__(self) -> None:
        for name, value in self.__dict__.items():
            if value < 0:
                raise ValueError(f"{name} must not be negative, got {value}")

    def of(self, part: str) -> float:
        """Factor of the loss part of that name."""
        factors = {"ST2I": 1.0, "SI2T": 1.0, "duality": self.duality}
        mutual = {"teacher": self.teacher, "X": self.intermediate}
        return factors.get(part, mutual.get(part.split("-")[0], self.graph))


@dataclass(frozen=True)
class _Half:
    """One easy half: its loss and the hidden states z_t that teach the dual hard half."""

    loss: DiffusionLoss
    hidden: Tensor

    def drawn(self, caption: Tensor) -> Self:
        """Of the captions of each record the one at ``caption`` (records,)."""
        captions = len(self.hidden) // len(caption)
        rows = torch.arange(len(caption), device=caption.device) * captions + caption
        one = replace(
            self.loss,
            term=self.loss.term[rows],
            vlb=self.loss.vlb[rows],
            tokens=self.loss.tokens[rows],
        )
        return replace(self, loss=one, hidden=self.hidden[rows])


class DualLoss:
    """L_dual + L_mutual of a batch of aligned image, text and 3DSG.

    Args:
        image, text, graph: the kernels.
        weights: of the parts.
        importance_sampling: whether the image and text diffusers draw t in proportion to the loss
            that it had, as VQ-Diffusion does; a checkpoint then keeps those losses. An image
            diffuser in two scales draws t uniformly all the same.
        graph_records: records of a batch whose graphs are diffused too; None is all. The graph
            diffuser comes trained from step 3, and its losses of all records would take about a
            fifth of the time.
        loss: weights within a diffusion loss.
        clip: reads the captions where c_Y is a sequence of tokens.
    """

    def __init__(
        self,
        image: Kernel,
        text: Kernel,
        graph: Kernel,
        weights: DualWeights,
        importance_sampling: bool = False,
        graph_records: int | None = None,
        loss: LossWeights | None = None,
        clip: ClipEncoder | None = None,
    ) -> None:
        self.image, self.text, self.graph, self.weights = image, text, graph, weights
        self.loss, self.clip = loss or LossWeights(), clip
        self.graph_records = graph_records
        kernels = {"image": image, "text": text} if importance_sampling else {}
        self.histories = {name: TimeHistory(kernel.steps) for name, kernel in kernels.items()}

    def state_dict(self) -> dict[str, Tensor]:
        """What the next step depends on."""
        return {
            f"{name}.{key}": value
            for name, history in self.histories.items()
            for key, value in history.state_dict().items()
        }

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Inverse of ``state_dict``."""
        for name, history in self.histories.items():
            own = {k.removeprefix(f"{name}."): v for k, v in state.items() if k.startswith(name)}
            history.load_state_dict(own)

    def __call__(
        self, model: nn.Module, batch: dict[str, Tensor], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """All loss parts of one batch; "loss" is their weighted sum.

        The text diffuser learns from all captions of a record, which cost little more than one;
        what joins the tasks is of the caption that was drawn.
        """
        dual, weights = cast(DualModel, model), self.weights
        batch = with_text_tokens(batch, self.clip)
        records = len(batch["caption"])
        dropped = torch.rand(records, generator=generator) < weights.condition_dropout
        dropped = dropped.to(batch["caption"].device)
        image = self._image_half(dual, batch, dropped, generator)
        text = self._text_half(dual, batch, generator)
        parts = {"ST2I": image.loss.total, "SI2T": text.loss.total}
        told = text.drawn(batch["caption"])
        if weights.duality:
            parts["duality"] = duality_gap(batch, image.loss, told.loss, ~dropped)
        if weights.graph:
            # the easy half of one task teaches the hard half of the other
            hidden = {"text": told.hidden, "image": image.hidden}
            few = slice(self.graph_records)
            first = {name: values[few] for name, values in batch.items()}
            known = {kind: states[few] for kind, states in hidden.items()}
            parts |= self._mutual(dual.graph, first, known, generator)
        loss = torch.stack([weights.of(name) * part for name, part in parts.items()]).sum()
        return {"loss": loss, **parts}

    def _image_half(
        self,
        dual: DualModel,
        batch: dict[str, Tensor],
        dropped: Tensor,
        generator: torch.Generator,
    ) -> _Half:
        codes = batch["image_codes"]
        condition = TokenCondition(take_tags(batch, "gold"), batch["clip_text"], dropped)
        if isinstance(dual.image, CoarseToFine):
            given = (codes, condition, generator, self.loss)
            return _half_in_two_scales(dual.image, self.image, *given)
        history = self.histories.get("image")
        return _half(dual.image, self.image, codes, condition, generator, self.loss, history)

    def _text_half(
        self, dual: DualModel, batch: dict[str, Tensor], generator: torch.Generator
    ) -> _Half:
        captions = batch["text_codes"].shape[1]
        codes = batch["text_codes"].flatten(0, 1)  # (records · captions, length)
        tags = take_tags(batch, "gold")
        condition = TokenCondition(
            {name: tag.repeat_interleave(captions, dim=0) for name, tag in tags.items()},
            batch["clip_image"].repeat_interleave(captions, dim=0),
        )
        if isinstance(dual.text, Captioner):
            return _spoken_half(dual.text, codes, condition)
        history = self.histories.get("text")
        return _half(dual.text, self.text, codes, condition, generator, self.loss, history)

    def _mutual(
        self,
        diffuser: GraphDiffuser,
        batch: dict[str, Tensor],
        hidden: Mapping[str, Tensor],
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        """L_·23D under c_I and c_Y, and its alignment with the informed teacher.

        L_X = KL( p_ψ(· | z^G_t, c) ‖ p_ψ(· | z^G_t, z_t) )   (2), (3)

        Students and teachers of both kinds share one pass: four small ones take far longer.
        """
        kernel, records = self.graph, len(batch["caption"])
        codes = torch.cat([batch[f"{kind}_gold_codes"] for kind in TASKS])
        present = torch.cat([batch[f"{kind}_present"] for kind in TASKS]).bool()
        times = uniform_timesteps(len(codes), kernel.steps, generator).to(codes.device)
        z_t = kernel.sample_forward(codes, times.t, generator)
        conditions = [graph_condition(batch, kind) for kind in TASKS]
        rounds = 1
        if self.weights.intermediate:
            rounds = 2
            conditions += [
                self._informed(condition, hidden[kind])
                for kind, condition in zip(TASKS, conditions, strict=True)
            ]
        logits = diffuser(
            z_t.repeat(rounds, *[1] * (z_t.ndim - 1)), times.t.repeat(rounds), *conditions
        )
        answers = logits.split(records)
        parts: dict[str, Tensor] = {}
        for n, task in enumerate(TASKS.values()):
            rows = slice(n * records, (n + 1) * records)
            at = Timesteps(times.t[rows], times.weight[rows])
            noised = (z_t[rows], codes[rows], at, None, self.loss, present[rows])
            parts[task] = diffusion_loss(kernel, answers[n], *noised).total
            if self.weights.intermediate:
                teacher = answers[len(TASKS) + n]
                parts[f"teacher-{task}"] = diffusion_loss(kernel, teacher, *noised).total
                target = teacher.detach() if self.weights.detach_teacher else teacher
                share = torch.where(present[rows], 1.0, self.loss.absent)
                parts[f"X-{task}"] = alignment_kl(
                    kernel, answers[n], target, z_t[rows], at.t, share
                )
        return parts

    def _informed(self, student: GraphCondition, hidden: Tensor) -> GraphCondition:
        """The teacher's condition: hidden states in the place of the feature."""
        known = hidden.detach() if self.weights.detach_teacher else hidden
        kind = f"{student.kind}_hidden"
        return replace(student, kind=kind, context=known, context_valid=None)


def alignment_kl(
    kernel: Kernel, student: Tensor, teacher: Tensor, z_t: Tensor, t: Tensor, share: Tensor
) -> Tensor:
    """T · KL of the step posteriors, student first, mean nats a token (Eq. 2, 3).

    The mean is weighted by ``share`` (batch, tokens), as the diffusion losses of the same tokens.
    """
    log_student = student.float().log_softmax(dim=-1)
    log_teacher = teacher.float().log_softmax(dim=-1)
    nats = kernel.prediction_kl(z_t, log_student, log_teacher, t, t - 1)
    return kernel.steps * weighted_mean(nats, share)


def duality_gap(
    batch: dict[str, Tensor], image: DiffusionLoss, text: DiffusionLoss, told: Tensor
) -> Tensor:
    """Mean |ln p̂(I) + ln p_φ(Y|I) − ln p̂(Y) − ln p_θ(I|Y)| in nats a token (Eq. 9).

    The conditional likelihoods are the bounds −VLB. One common token count divides the whole gap,
    so that the identity p(I) p(Y|I) = p(Y) p(I|Y) still has gap 0. Where the image diffuser was
    not ``told`` its condition, (batch,) bool, it gives no p_θ(I|Y), and the gap counts as 0.
    """
    joint_by_image = batch["log_prior_image"] - text.vlb
    joint_by_text = batch["log_prior_text"] - image.vlb
    gap = (joint_by_image - joint_by_text).abs() / (image.tokens + text.tokens)
    return torch.where(told, gap, 0).mean()


def pool_grid(hidden: Tensor, side: int = 8) -> Tensor:
    """Average a square grid of hidden states (batch, n, dim) down to side² tokens."""
    rows = round(hidden.shape[1] ** 0.5)
    grid = hidden.transpose(1, 2).unflatten(2, (rows, rows))
    return F.adaptive_avg_pool2d(grid, min(side, rows)).flatten(2).transpose(1, 2)


def _half(
    diffuser: TokenDiffuser,
    kernel: Kernel,
    codes: Tensor,
    condition: TokenCondition,
    generator: torch.Generator,
    weights: LossWeights,
    history: TimeHistory | None = None,
) -> _Half:
    drawn = (
        history.draw(len(codes), generator)
        if history
        else uniform_timesteps(len(codes), kernel.steps, generator)
    )
    times = drawn.to(codes.device)
    z_t = kernel.sample_forward(codes, times.t, generator)
    hidden = diffuser.hidden(z_t, times.t, condition)
    loss = diffusion_loss(kernel, diffuser.logits(hidden), z_t, codes, times, weights=weights)
    if history:
        history.add(times.t, loss.term)
    return _Half(loss, pool_grid(hidden) if diffuser.config.is_grid else hidden)


def _half_in_two_scales(
    diffuser: CoarseToFine,
    kernel: Kernel,
    codes: Tensor,
    condition: TokenCondition,
    generator: torch.Generator,
    weights: LossWeights,
) -> _Half:
    """Both scales at times of their own; the bounds add up to that of the whole grid."""
    above = diffuser.coarse_codes(codes)
    coarse = _half(diffuser.coarse, kernel, above, condition, generator, weights).loss
    below = replace(condition, coarse=above)
    fine = _half(diffuser.fine, kernel, codes, below, generator, weights)
    loss = replace(fine.loss, total=coarse.total + fine.loss.total, vlb=coarse.vlb + fine.loss.vlb)
    return _Half(loss, fine.hidden)


def _spoken_half(captioner: Captioner, text: Tensor, condition: TokenCondition) -> _Half:
    """The captioner's exact −ln p(Y | I) in the place of the text diffuser's bound."""
    said = captioner(text, condition)
    per_word = said.nats.sum() / said.tokens.sum().clamp_min(1)
    return _Half(DiffusionLoss(per_word, per_word, said.nats, said.nats, said.tokens), said.hidden)
