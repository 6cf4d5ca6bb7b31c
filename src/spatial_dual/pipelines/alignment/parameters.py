"""Parameters of the ``alignment`` stage."""

from spatial_dual.pipelines.parameters import (
    DiscreteKernelParameters,
    FitParameters,
    Section,
    TransformerSizes,
    left_out,
)


class VisualDecoderOptions(Section):
    """See ``models.decoders.VisualDecoderConfig``."""

    sees_graph: bool


class VisualDecoderParameters(Section):
    """Options and training; its sizes are those of the image tokenizer."""

    model: VisualDecoderOptions
    fit: FitParameters


class TextDecoderSizes(TransformerSizes):
    """See ``models.decoders.TextDecoderConfig``."""

    sees_graph: bool = left_out()
    cross_attention: bool = left_out()


class TextDecoderParameters(Section):
    """Noise, sizes and training, from the GPT-2 that ``pretrained`` names if any."""

    pretrained: str | None
    kernel: DiscreteKernelParameters
    model: TextDecoderSizes
    fit: FitParameters


class AlignmentParameters(Section):
    """``parameters_alignment.yml``; what each key means is said there."""

    visual_decoder: VisualDecoderParameters
    text_decoder: TextDecoderParameters
