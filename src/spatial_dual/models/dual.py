"""The three diffusers that the overall training (paper step 4) trains together."""

from dataclasses import dataclass

from torch import nn

from spatial_dual.models.graph_diffuser import GraphDiffuser, GraphDiffuserConfig
from spatial_dual.models.token_diffuser import TokenDiffuser, TokenDiffuserConfig


@dataclass(frozen=True)
class DualModelConfig:
    """Sizes of the image, text and graph diffusers."""

    image: TokenDiffuserConfig
    text: TokenDiffuserConfig
    graph: GraphDiffuserConfig

    def __post_init__(self) -> None:
        # JSON gives mappings
        for name, kind in (
            ("image", TokenDiffuserConfig),
            ("text", TokenDiffuserConfig),
            ("graph", GraphDiffuserConfig),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind):
                object.__setattr__(self, name, kind(**value))
        if self.image.shape != self.graph.shape or self.text.shape != self.graph.shape:
            raise ValueError("the three diffusers must read graphs of one shape")


class DualModel(nn.Module):
    """Image, text and graph diffuser; each task runs alone after training."""

    Config = DualModelConfig

    def __init__(self, config: DualModelConfig) -> None:
        super().__init__()
        self.config = config
        self.image = TokenDiffuser(config.image)
        self.text = TokenDiffuser(config.text)
        self.graph = GraphDiffuser(config.graph)
