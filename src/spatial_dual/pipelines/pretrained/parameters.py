"""Parameters of the ``pretrained`` stage."""

from typing import Literal

from pydantic import NonNegativeFloat

from spatial_dual.pipelines.parameters import Count, Section


class PretrainedParameters(Section):
    """``parameters_pretrained.yml``; what each key means is said there."""

    variant: Literal["sd_1_5", "sdxl", "cogview_3"]
    path: str | None
    steps: Count
    guidance: NonNegativeFloat
    batch: Count
