"""Parameters of the ``dual`` stage."""

from typing import Literal

from pydantic import model_validator

from spatial_dual.pipelines.parameters import (
    Count,
    FitParameters,
    KernelParameters,
    LossParameters,
    NonNegative,
    Positive,
    PositiveShare,
    Section,
    Share,
    TransformerSizes,
    left_out,
)

UNET_GROUPS = 8
"""``models.unet.GROUPS``, whose import would take torch along."""


class PriorParameters(Section):
    """Of p̂(I) or p̂(Y)."""

    model: TransformerSizes
    fit: FitParameters


class PixelSizes(Section):
    """Of a PixelCNN++, see ``models.pixelcnn.PixelCnnConfig``."""

    side: Count
    channels: Count
    blocks: Count
    mixtures: Count


class ImagePriorParameters(PriorParameters):
    """Of p̂(I): over tokens, or where ``pixels`` has sizes over pixels."""

    pixels: PixelSizes | None


class DiffuserSizes(TransformerSizes):
    """See ``models.token_diffuser.TokenDiffuserConfig``."""

    sees_graph: bool = left_out()


class ImageDiffuserSizes(DiffuserSizes):
    """The same, with the trunks that need a grid."""

    trunk: Literal["transformer", "hourglass", "unet"] = left_out()
    coarse_dim: Count = left_out()

    @property
    def split_by_heads(self) -> str:
        """An hourglass attends at its coarse width."""
        return "coarse_dim" if self.trunk == "hourglass" and self.coarse_dim else "dim"

    @model_validator(mode="after")
    def _groups_divide_width(self) -> "ImageDiffuserSizes":
        if self.trunk == "unet" and self.dim % UNET_GROUPS:
            raise ValueError(f"dim {self.dim} must be a multiple of {UNET_GROUPS} for a unet")
        return self


class ImageDiffuserParameters(Section):
    """Noise and sizes, and whether there is one diffuser for each of two scales."""

    kernel: KernelParameters
    model: ImageDiffuserSizes
    coarse_to_fine: bool


class TextDiffuserParameters(Section):
    """Noise and sizes."""

    kernel: KernelParameters
    model: DiffuserSizes


class WeightParameters(Section):
    """Of the parts of the loss, see ``training.objectives.dual.DualWeights``."""

    duality: NonNegative
    graph: NonNegative
    intermediate: NonNegative
    teacher: NonNegative
    condition_dropout: Share
    detach_teacher: bool


class SamplingParameters(Section):
    """How chains are run, see ``models.generation.SamplingOptions``."""

    steps: Count
    guidance: NonNegative
    guidance_start: NonNegative | None = left_out()
    temperature: Positive
    temperature_start: Positive | None = left_out()
    top_p: PositiveShare
    spacing: Literal["even", "cosine"] = left_out()
    order: Literal["chance", "purity", "halton"] = left_out()
    purity_weight: NonNegative | None = left_out()
    graph_temperature: Positive
    candidates: Count
    drawings: Count
    graph_steps: Count | None = left_out()
    graph_order: Literal["chance", "kinds"] = left_out()
    text_noise: Share = left_out()
    decode_text: bool = left_out()


class DualParameters(Section):
    """``parameters_dual.yml``; what each key means is said there."""

    image_prior: ImagePriorParameters
    text_prior: PriorParameters
    image_diffuser: ImageDiffuserParameters
    text_diffuser: TextDiffuserParameters
    captioner: TransformerSizes | None
    weights: WeightParameters
    loss: LossParameters
    importance_sampling: bool
    graph_records: Count | None
    fit: FitParameters
