"""Parameters of the ``graph_diffusion`` stage."""

from typing import Literal

from spatial_dual.pipelines.parameters import (
    Count,
    FitParameters,
    KernelParameters,
    LossParameters,
    Section,
    TransformerSizes,
)


class HiddenWidths(Section):
    """Of the token diffusers whose features it reads."""

    image_hidden: Count
    text_hidden: Count


class GraphDiffusionParameters(Section):
    """``parameters_graph_diffusion.yml``; what each key means is said there."""

    condition: Literal["tokens", "global"]
    kernel: KernelParameters
    model: TransformerSizes
    hidden_dims: HiddenWidths
    loss: LossParameters
    fit: FitParameters
