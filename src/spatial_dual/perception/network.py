"""A small U-Net that says for each pixel: class, attributes, depth, and where its instance is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

OUTPUT_STRIDE = 2
TRUNK_STRIDE = 4
OFFSET_SCALE = 8.0


@dataclass(frozen=True)
class PerceiverConfig:
    """Names and sizes of the network; plain JSON types only.

    Attributes:
        labels: object labels; class 0 of the network is background, class i is ``labels[i - 1]``.
        attributes: words of each attribute kind, e.g. ``{"colour": ("red", "blue")}``; no kind, no
            head.
        widths: channels at strides 4, 8, 16, …
        blocks: residual blocks at each stride on the way down; on the way up there is one each, and
            one more at the coarsest stride in between.
        centre_threshold: least heat of an instance's centre, 0..1.
        min_pixels: instances with fewer pixels (of the half-size maps) are dropped.
        max_instances: most instances kept in an image.

    Raises:
        ValueError: a value out of range or a name twice; the message holds it.
    """

    labels: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    widths: tuple[int, ...] = (64, 96, 128)
    blocks: int = 1
    centre_threshold: float = 0.3
    min_pixels: int = 6
    max_instances: int = 32

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "attributes", {k: tuple(v) for k, v in self.attributes.items()})
        object.__setattr__(self, "widths", tuple(self.widths))
        for kind, names in {"labels": self.labels, **self.attributes}.items():
            if not names or len(set(names)) < len(names):
                raise ValueError(f"{kind}: names must be given and differ, got {names}")
        if len(self.labels) > 255:
            raise ValueError(f"labels: at most 255 fit, got {len(self.labels)}")
        if len(self.widths) < 2 or min(self.widths) < 1 or self.blocks < 1:
            raise ValueError(
                f"widths must be two or more and blocks positive, got {self.widths}, {self.blocks}"
            )
        if not 0 < self.centre_threshold < 1:
            raise ValueError(f"centre_threshold must be in (0, 1), got {self.centre_threshold}")
        if not 1 <= self.max_instances <= 255 or self.min_pixels < 1:
            raise ValueError(
                f"max_instances must be in 1..255 and min_pixels positive, got "
                f"{self.max_instances} and {self.min_pixels}"
            )

    @property
    def stride(self) -> int:
        """Image sides must be multiples of this."""
        return TRUNK_STRIDE * 2 ** (len(self.widths) - 1)

    def heads(self) -> dict[str, int]:
        """Channels of each output map of the network."""
        heads = {"class": 1 + len(self.labels), "log_depth": 1, "centre": 1, "offset": 2}
        return heads | {kind: len(words) for kind, words in self.attributes.items()}


class PerceptionNetwork(nn.Module):
    """Residual U-Net whose finest level has a quarter of the image's size, its outputs half.

    Each cell of the finest level holds the pixels of a 4×4 square as channels and says its 2×2
    outputs as channels: at equal cost, wide maps of a quarter tell small things apart far better
    than thin maps of half the size. Two channels of pixel coordinates and the pooled deepest
    features let depth depend on the camera.
    """

    def __init__(self, config: PerceiverConfig) -> None:
        super().__init__()
        self.heads = config.heads()
        widths = config.widths
        self.stem = nn.Conv2d(3 * TRUNK_STRIDE**2 + 2, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.encoder = nn.ModuleList(
            nn.Sequential(*(_Block(w) for _ in range(config.blocks))) for w in widths
        )
        self.coarsest = _Block(widths[-1])
        self.context = nn.Linear(widths[-1], widths[-1])
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.decoder = nn.ModuleList(_Block(w) for w in widths[:-1])
        self.norm = nn.BatchNorm2d(widths[0])
        cells = (TRUNK_STRIDE // OUTPUT_STRIDE) ** 2
        self.head = nn.Conv2d(widths[0], cells * sum(self.heads.values()), 1)
        for layer in (self.stem, *self.down, *self.up, self.context):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")

    def hidden_weights(self) -> list[nn.Parameter]:
        """Kernels between the first and the last layer: those that Muon trains, if it is used."""
        inner = (self.down, self.encoder, self.coarsest, self.up, self.decoder)
        return [p for part in inner for p in part.parameters() if p.ndim == 4]

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Maps ``(batch, channels, height / 2, width / 2)`` by head, float32.

        "class" and attribute kinds are logits, "log_depth" is of metres, "centre" a logit of heat,
        "offset" points from a cell to its instance's centre, x and y in cells.

        Args:
            images: ``(batch, 3, height, width)`` in 0..1.
        """
        x = F.pixel_unshuffle(4 * (images - 0.5), TRUNK_STRIDE)
        x = torch.cat([x, _coordinates(x)], dim=1)
        x = self.encoder[0](self.stem(x.contiguous(memory_format=torch.channels_last)))
        skips = [x]
        for down, blocks in zip(self.down, self.encoder[1:], strict=True):
            x = blocks(down(x))
            skips.append(x)
        x = self.coarsest(x)
        x = x + self.context(x.mean(dim=(2, 3)))[:, :, None, None]
        for level in reversed(range(len(self.up))):
            up = F.interpolate(self.up[level](x), scale_factor=2, mode="nearest")
            x = self.decoder[level](skips[level] + up)
        maps = self.head(F.relu(self.norm(x)))
        maps = F.pixel_shuffle(maps, TRUNK_STRIDE // OUTPUT_STRIDE).float()
        named = dict(zip(self.heads, maps.split(list(self.heads.values()), dim=1), strict=True))
        return named | {"offset": OFFSET_SCALE * named["offset"]}


class _Block(nn.Sequential):
    """Pre-activation residual block: x + conv(relu(norm(conv(relu(norm(x))))))."""

    def __init__(self, width: int) -> None:
        super().__init__(
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


def _coordinates(x: Tensor) -> Tensor:
    """Pixel centres in -1..1, ``(batch, 2, height, width)``: x right, y down."""
    batch, _, height, width = x.shape
    across = (torch.arange(width, device=x.device) + 0.5) / width * 2 - 1
    down = (torch.arange(height, device=x.device) + 0.5) / height * 2 - 1
    grid = torch.stack(torch.meshgrid(across, down, indexing="xy"))
    return grid.to(x.dtype).expand(batch, -1, -1, -1)
