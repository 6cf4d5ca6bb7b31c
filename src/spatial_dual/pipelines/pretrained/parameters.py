"""Parameters of the ``pretrained`` stage."""

from typing import Literal

from spatial_dual.pipelines.parameters import Count, NonNegative, Section


class PretrainedParameters(Section):
    """``parameters_pretrained.yml``; what each key means is said there."""

    variant: Literal["sd_1_5", "sdxl", "cogview_3"]
    path: str | None
    steps: Count
    guidance: NonNegative
    batch: Count
