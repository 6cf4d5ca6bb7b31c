"""The three diffusers that the overall training (paper step 4) trains together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from spatial_dual.models.captioner import Captioner, CaptionerConfig
from spatial_dual.models.coarse_to_fine import CoarseToFine, CoarseToFineConfig
from spatial_dual.models.conditions import CONDITIONS
from spatial_dual.models.graph_diffuser import GraphDiffuser, GraphDiffuserConfig
from spatial_dual.models.token_diffuser import TokenDiffuser, TokenDiffuserConfig


@dataclass(frozen=True)
class DualModelConfig:
    """Sizes of the image, text and graph diffusers.

    Attributes:
        image: image diffuser, or the one in two scales in its place.
        text: text diffuser, or the captioner in its place.
        graph: graph diffuser.
        condition: what all three read as c_I and c_Y, of ``models.conditions.CONDITIONS``.
    """

    image: TokenDiffuserConfig | CoarseToFineConfig
    text: TokenDiffuserConfig | CaptionerConfig
    graph: GraphDiffuserConfig
    condition: str = "global"

    def __post_init__(self) -> None:
        # JSON gives mappings, each with a field that no other kind has
        for name in ("image", "text", "graph"):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                kind = GraphDiffuserConfig if name == "graph" else _token_kind(value)
                object.__setattr__(self, name, kind(**value))
        if self.condition not in CONDITIONS:
            allowed = " or ".join(CONDITIONS)
            raise ValueError(f"condition must be {allowed}, got {self.condition!r}")
        if self.image.shape != self.graph.shape or self.text.shape != self.graph.shape:
            raise ValueError("the three diffusers must read graphs of one shape")


class DualModel(nn.Module):
    """Image, text and graph diffuser; each task runs alone after training."""

    Config = DualModelConfig

    def __init__(self, config: DualModelConfig) -> None:
        super().__init__()
        self.config = config
        self.image: TokenDiffuser | CoarseToFine = (
            CoarseToFine(config.image)
            if isinstance(config.image, CoarseToFineConfig)
            else TokenDiffuser(config.image)
        )
        self.text: TokenDiffuser | Captioner = (
            Captioner(config.text)
            if isinstance(config.text, CaptionerConfig)
            else TokenDiffuser(config.text)
        )
        self.graph = GraphDiffuser(config.graph)


def _token_kind(value: Mapping[str, Any]) -> type[Any]:
    if "code_dim" in value:
        return CoarseToFineConfig
    return TokenDiffuserConfig if "is_grid" in value else CaptionerConfig
