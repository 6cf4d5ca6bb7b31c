"""Parameters of the ``tokens`` stage."""

from typing import Annotated

from pydantic import Field

from spatial_dual.pipelines.parameters import (
    AttentionSizes,
    Count,
    FitParameters,
    Natural,
    NonNegative,
    PartialShare,
    Section,
    Share,
    left_out,
)


class ImageTokenizerSizes(Section):
    """See ``models.image_tokenizer.ImageTokenizerConfig``."""

    codes: Annotated[int, Field(ge=2, le=65536)]
    code_dim: Count
    channels: Count
    coarse_blocks: Natural
    fine_blocks: Natural
    unshuffle: Count
    decay: PartialShare = left_out()
    dead_below: NonNegative = left_out()
    commitment_weight: NonNegative = left_out()


class CropParameters(Section):
    """Crops that the image tokenizer learns from."""

    size: Count
    object_share: Share


class ImageTokenizerParameters(Section):
    """Sizes, crops and training; or ``pretrained``, a VQGAN by name, folder or file."""

    pretrained: str | None
    model: ImageTokenizerSizes
    crops: CropParameters
    fit: FitParameters


class TextParameters(Section):
    """Captions as tokens; ``pretrained`` names a GPT-2 whose words are used."""

    pretrained: str | None
    vocabulary_size: Annotated[int, Field(ge=2, le=65536)]
    length: Annotated[int, Field(ge=3)]
    captions_per_record: Count


class ClipSizes(AttentionSizes):
    """See ``models.clip.ClipConfig``."""

    patch: Count
    dim: Count
    width: Count
    layers: Count

    @property
    def split_by_heads(self) -> str:
        """The Transformers' width; ``dim`` is that of the space that both modalities share."""
        return "width"


class ClipParameters(Section):
    """One CLIP; ``name`` keeps its random streams apart from another's.

    ``pretrained`` names a checkpoint that is taken in its place.
    """

    name: str
    pretrained: str | None
    model: ClipSizes
    fit: FitParameters


class TokensParameters(Section):
    """``parameters_tokens.yml``; what each key means is said there."""

    image_tokenizer: ImageTokenizerParameters
    text: TextParameters
    clip: ClipParameters
    clip_for_metrics: ClipParameters
