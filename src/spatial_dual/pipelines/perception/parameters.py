"""Parameters of the ``perception`` stage."""

from typing import Annotated

from pydantic import Field

from spatial_dual.pipelines.parameters import (
    Count,
    FitParameters,
    PartialShare,
    Section,
    left_out,
)


class HubParameters(Section):
    """Published checkpoints, see ``perception.hub.config.HubConfig``."""

    depth: str
    instances: str
    labels: list[str] = left_out()
    threshold: PartialShare = left_out()
    max_instances: Annotated[int, Field(ge=1, le=255)] = left_out()
    batch_size: Count = left_out()
    inverse_depth: Annotated[list[float], Field(min_length=2, max_length=2)] | None = left_out()


class NetworkSizes(Section):
    """Of our own network, see ``perception.network.PerceiverConfig``."""

    widths: Annotated[list[Count], Field(min_length=2)]
    blocks: Count
    centre_threshold: PartialShare = left_out()
    min_pixels: Count = left_out()
    max_instances: Annotated[int, Field(ge=1, le=255)] = left_out()


class PerceptionParameters(Section):
    """``parameters_perception.yml``; what each key means is said there."""

    hub: HubParameters | None
    attribute_kinds: dict[str, list[str]]
    model: NetworkSizes
    fit: FitParameters
