"""Parameters of the ``dgae`` stage."""

from typing import Annotated

from pydantic import Field

from spatial_dual.pipelines.parameters import AttentionSizes, Count, FitParameters, Section, Share


class DgaeSizes(AttentionSizes):
    """See ``models.dgae.DgaeConfig``."""

    dim: Count
    levels: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
    rounds: Count


class DgaeParameters(Section):
    """``parameters_dgae.yml``; what each key means is said there."""

    slots: Count
    gold_noise: Share
    model: DgaeSizes
    fit: FitParameters
