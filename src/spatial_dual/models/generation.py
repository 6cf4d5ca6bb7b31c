"""Sampling with the trained parts: graphs evolve, images and captions are drawn from them."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from spatial_dual.diffusion import (
    GroupOrder,
    HaltonOrder,
    Kernel,
    Noise,
    Order,
    Predictor,
    PurityOrder,
    Ramp,
    Samples,
    sample,
)
from spatial_dual.models.captioner import Captioner
from spatial_dual.models.coarse_to_fine import CoarseToFine
from spatial_dual.models.code_evidence import Denied
from spatial_dual.models.conditions import condition_tokens
from spatial_dual.models.decoders import TextDecoder, VisualDecoder, Written
from spatial_dual.models.dgae import Dgae
from spatial_dual.models.graph_diffuser import GraphCondition, GraphDiffuser
from spatial_dual.models.graph_nodes import NodeShape, Tags, presence, shown_only
from spatial_dual.models.image_tokenizer import ImageTokenizer
from spatial_dual.models.token_diffuser import TokenCondition, TokenDiffuser

ORDERS = ("chance", "purity", "halton")
GRAPH_ORDERS = ("chance", "kinds")


@dataclass(frozen=True)
class SamplingOptions:
    """How the reverse chains are run.

    Attributes:
        steps: of the reverse chain; more than the T of a kernel are T.
        guidance: factor of classifier-free guidance of the image diffuser, at the chain's end.
        guidance_start: at the chain's start; None is ``guidance``.
        temperature: of the image and text diffusers, at the chain's end.
        temperature_start: at the chain's start; None is ``temperature``.
        top_p: share of the probability mass to sample from, in (0, 1].
        spacing: of the chain's times, "even" or "cosine", see ``diffusion.sampler.strided_times``.
        order: which masked tokens are revealed next: as "chance" has it, by "purity" (improved
            VQ-Diffusion), or for image tokens by "halton", see ``diffusion.reveal``.
        purity_weight: sharpens predictions by their purity; None leaves them.
        graph_steps: of the graph diffuser's chain; None is ``steps``.
        graph_order: of revealing its nodes: as "chance" has it, or by "kinds": the labels and the
            place, then one kind of property after the other, then the relations. A kernel without
            mask reveals nothing, so there it has no effect.
        graph_temperature: of the graph diffuser.
        candidates: descriptions drawn of each image; 3DSG and depth bear out best the one kept.
        drawings: made of each text; the one is kept that shows most of it to perception.
        text_noise: share of the chain up to which text codes are noised again before the text
            decoder reads them, as in its training; a few words stay, the graph decides on the rest.
            A decoder that reads no graph gets all of them.
        decode_text: whether the text decoder reads the text codes (Eq. 6); else they are the words.

    Raises:
        ValueError: nothing to choose from, or guidance that is negative or no number.
    """

    steps: int = 20
    guidance: float = 2.0
    guidance_start: float | None = None
    temperature: float = 1.0
    temperature_start: float | None = None
    top_p: float = 0.9
    spacing: str = "even"
    order: str = "chance"
    purity_weight: float | None = None
    graph_steps: int | None = None
    graph_order: str = "chance"
    graph_temperature: float = 0.7
    candidates: int = 1
    drawings: int = 1
    text_noise: float = 0.0
    decode_text: bool = True

    def __post_init__(self) -> None:
        for name in ("candidates", "drawings"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.text_noise <= 1:
            raise ValueError(f"text_noise must lie in 0..1, got {self.text_noise}")
        if not 0 <= self.guidance < math.inf:
            raise ValueError(f"guidance must be a number of at least 0, got {self.guidance}")
        if self.order not in ORDERS:
            raise ValueError(f"order must be one of {', '.join(ORDERS)}, got {self.order!r}")
        if self.graph_order not in GRAPH_ORDERS:
            raise ValueError(
                f"graph_order must be one of {', '.join(GRAPH_ORDERS)}, got {self.graph_order!r}"
            )

    def order_of(self, tokens: int, is_grid: bool) -> Order | None:
        """In which a diffuser of that many tokens reveals them; None leaves it to chance."""
        if self.order == "purity":
            return PurityOrder()
        return HaltonOrder(tokens) if self.order == "halton" and is_grid else None


@torch.inference_mode()
def sample_graphs(
    diffuser: GraphDiffuser,
    kernel: Kernel,
    dgae: Dgae,
    tags: Tags,
    kind: str,
    feature: Tensor,
    options: SamplingOptions,
    noise: Noise,
    return_trajectory: bool = False,
    denied: Denied | None = None,
) -> Samples:
    """Codes of the 3DSGs that initial graphs evolve into under c.

    What a text states is true, so ln p(stated tags | code) joins the logits, and so does
    ln (1 − p(tag | code)) of what it denies; what perception reports may be wrong and stays a
    condition.

    Args:
        diffuser: the graph diffuser.
        kernel: its noising process.
        dgae: auto-encoder of the codes; its ``decode`` gives the tags.
        tags: of the initial graphs.
        kind: "text" or "image".
        feature: c_Y or c_I, see ``models.conditions``.
        options: how to sample.
        noise: source of all noise.
        return_trajectory: whether the chain on its way is kept, for ``held_graphs``.
        denied: what the texts say is not so; None is nothing.
    """
    condition = graph_condition(dgae, tags, kind, feature)
    evidence = dgae.evidence.log_likelihood(tags) if kind == "text" else None
    if evidence is not None and denied is not None:
        evidence = evidence + dgae.evidence.log_not(denied)

    def denoise(z_t: Tensor, t: Tensor) -> Tensor:
        logits = diffuser(z_t, t, condition)
        return logits if evidence is None else logits + evidence

    shape = (len(feature), dgae.config.shape.nodes)
    return sample(
        kernel,
        denoise,
        shape,
        min(options.graph_steps or options.steps, kernel.steps),
        noise,
        temperature=options.graph_temperature,
        order=_graph_order(options, kernel, dgae.config.shape),
        return_trajectory=return_trajectory,
        device=feature.device,
    )


def _graph_order(options: SamplingOptions, kernel: Kernel, shape: NodeShape) -> Order | None:
    """Labels and the place first, then property after property, relations last; None is chance.

    Side by side the five numbers of a place fit each other badly, and properties of an empty slot
    make an object of it.
    """
    if options.graph_order == "chance" or kernel.mask_index is None:
        return None
    columns = shape.columns
    return GroupOrder(torch.where(columns == columns.max(), 0, columns))


def graph_condition(dgae: Dgae, tags: Tags, kind: str, feature: Tensor) -> GraphCondition:
    """What graphs evolve under: tags of the initial graphs, and c of a "text" or an "image"."""
    initial, stated = dgae.encode(tags), presence(tags, dgae.config.shape)
    return GraphCondition(initial, stated, kind, *condition_tokens(feature))


@torch.inference_mode()
def held_graphs(samples: Samples, dgae: Dgae) -> list[tuple[int, dict[str, Tensor]]]:
    """Times T … 0 and the tags that a kept chain of ``sample_graphs`` holds there (Fig. 9).

    A node that is still masked says nothing yet.

    Raises:
        ValueError: the chain was not kept.
    """
    if samples.trajectory is None:
        raise ValueError("sample_graphs kept no trajectory; call it with return_trajectory=True")
    held = []
    for time, codes in zip(samples.times, samples.trajectory, strict=True):
        known = codes < dgae.codes
        decoded = dgae.decode(torch.where(known, codes, samples.tokens))
        held.append((time, shown_only(decoded, known, dgae.config.shape)))
    return held


@torch.inference_mode()
def draw_images(
    diffuser: TokenDiffuser | CoarseToFine,
    kernel: Kernel,
    tokenizer: ImageTokenizer,
    decoder: VisualDecoder,
    condition: TokenCondition,
    options: SamplingOptions,
    noise: Noise,
) -> Tensor:
    """Images (batch, 3, H, W) in -1..1 from 3DSGs and c_Y, decoded by G_V (Eq. 4, 5).

    A diffuser in two scales draws the coarse codes first and is then given them.
    """
    start = options.guidance if options.guidance_start is None else options.guidance_start
    guidance = Ramp(start, options.guidance)
    if isinstance(diffuser, CoarseToFine):
        coarse = _sample_tokens(diffuser.coarse, kernel, condition, options, noise, guidance)
        condition, diffuser = replace(condition, coarse=coarse), diffuser.fine
    codes = _sample_tokens(diffuser, kernel, condition, options, noise, guidance)
    return decode_images(tokenizer, decoder, codes, condition.tags)


def decode_images(
    tokenizer: ImageTokenizer, decoder: VisualDecoder, codes: Tensor, tags: Tags
) -> Tensor:
    """Images (batch, 3, H, W) in -1..1 of codes (batch, tokens) by G_V (Eq. 4, 5)."""
    return decoder(tokenizer.features(codes), tags).float().clamp(-1, 1)


@torch.inference_mode()
def write_captions(
    writer: TokenDiffuser | Captioner,
    kernel: Kernel,
    decoder: TextDecoder,
    condition: TokenCondition,
    options: SamplingOptions,
    noise: Noise,
) -> Written:
    """Texts from 3DSGs and c_I: text codes, then G_T reads them (Eq. 6).

    A captioner in the place of the text diffuser writes words at once.
    """
    if isinstance(writer, Captioner):
        return Written.unrated(writer.generate(condition))
    codes = _sample_tokens(writer, kernel, condition, options, noise, guidance=Ramp(1.0, 1.0))
    if not options.decode_text:
        return Written.unrated(codes)
    if options.text_noise and decoder.graph is not None:
        t = torch.full((len(codes),), round(options.text_noise * kernel.steps), device=codes.device)
        codes = kernel.to_tokens(kernel.sample_forward(codes, t, noise))
    return decoder.generate(codes, condition.tags)


def _sample_tokens(
    diffuser: TokenDiffuser,
    kernel: Kernel,
    condition: TokenCondition,
    options: SamplingOptions,
    noise: Noise,
    guidance: Ramp,
) -> Tensor:
    def denoiser(given: TokenCondition) -> Predictor:
        read = diffuser.read(given)
        return lambda z_t, t: diffuser.predict(z_t, t, read)

    guided = guidance != Ramp(1.0, 1.0)
    start = options.temperature if options.temperature_start is None else options.temperature_start
    samples = sample(
        kernel,
        denoiser(condition),
        (len(condition.feature), diffuser.config.tokens),
        min(options.steps, kernel.steps),
        noise,
        guidance=guidance,
        unconditional=denoiser(condition.without()) if guided else None,
        temperature=Ramp(start, options.temperature),
        top_p=options.top_p,
        spacing=options.spacing,
        order=options.order_of(diffuser.config.tokens, diffuser.config.is_grid),
        purity_weight=options.purity_weight,
        device=condition.feature.device,
    )
    return samples.tokens
