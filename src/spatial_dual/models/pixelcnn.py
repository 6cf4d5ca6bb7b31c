"""PixelCNN++: an autoregressive density of pixels, the paper's p̂(I) (Salimans et al. 2017).

Two streams of shifted convolutions see what lies above a pixel, and above or to its left. A pixel
is a mixture of logistics rounded to 256 levels, in which green hangs on red, and blue on both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from spatial_dual.models.image_tokenizer import from_uint8, to_uint8

LOWEST_LOG_SCALE = -7.0
PER_MIXTURE = 1 + 3 * 3
"""A weight, and for each of three channels a mean, a log-scale and a factor."""


@dataclass(frozen=True)
class PixelCnnConfig:
    """Sizes of the network.

    Attributes:
        side: pixels per side that images are reduced to; even.
        channels: width of both streams.
        blocks: gated residual layers before, at and after half resolution.
        mixtures: logistics of a pixel.

    Raises:
        ValueError: a value out of range, with the value.
    """

    side: int = 32
    channels: int = 48
    blocks: int = 2
    mixtures: int = 5

    def __post_init__(self) -> None:
        if self.side < 2 or self.side % 2:
            raise ValueError(f"side must be even and at least 2, got {self.side}")
        for name in ("channels", "blocks", "mixtures"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


class PixelCnn(nn.Module):
    """Density of images reduced to ``side`` × ``side`` pixels."""

    Config = PixelCnnConfig

    def __init__(self, config: PixelCnnConfig) -> None:
        super().__init__()
        self.config = config
        width = config.channels
        # the fourth channel is 1 inside the picture, which tells its border from black
        self.above = _above_convolution(4, width, columns=3)
        self.above_for_left = _above_convolution(4, width, columns=3)
        self.left = nn.Conv2d(4, width, (2, 1))
        self.fine_in = _stage(config, skips=False)
        self.shrink = nn.ModuleList([_above_convolution(width, width, stride=2), _left(width, 2)])
        self.coarse = _stage(config, skips=False)
        self.grow = nn.ModuleList([_above_convolution(width, width), _left(width)])
        self.fine_out = _stage(config, skips=True)
        self.out = nn.Conv2d(width, PER_MIXTURE * config.mixtures, 1)

    def forward(self, images: Tensor) -> Tensor:
        """−ln p̂ of every pixel given those before it, (batch, side, side), nats.

        Args:
            images: (batch, 3, H, W) uint8, reduced by averaging.
        """
        side = self.config.side
        x = from_uint8(to_uint8(F.interpolate(from_uint8(images), (side, side), mode="area")))
        return -mixture_log_likelihood(x, self.parameters_of(x).float())

    def log_likelihood(self, images: Tensor) -> Tensor:
        """Log p̂ of whole reduced images in nats, (batch,)."""
        nats: Tensor = self(images)
        return -nats.flatten(1).sum(dim=1)

    def parameters_of(self, x: Tensor) -> Tensor:
        """Mixture parameters (batch, mixtures · 10, side, side) from the pixels before each."""
        framed = F.pad(x, (0, 0, 0, 0, 0, 1), value=1.0)
        above = _shift_down(self.above(framed))
        left = self.left(F.pad(framed, (1, 0, 1, 0)))[..., :-1]
        beside = _shift_down(self.above_for_left(framed)) + left
        above, beside, skips = _run(self.fine_in, above, beside)
        above, beside = (conv(h) for conv, h in zip(self.shrink, (above, beside), strict=True))
        above, beside, _ = _run(self.coarse, above, beside)
        twice = partial(F.interpolate, scale_factor=2.0, mode="nearest")
        above, beside = (conv(twice(h)) for conv, h in zip(self.grow, (above, beside), strict=True))
        _, beside, _ = _run(self.fine_out, above, beside, skips)
        out: Tensor = self.out(F.elu(beside))
        return out


class _GatedLayer(nn.Module):
    """x + a · sigmoid(b), (a, b) from two shifted convolutions and an optional second input."""

    def __init__(
        self, width: int, extra: int, convolution: Callable[[int, int], nn.Module]
    ) -> None:
        super().__init__()
        self.first = convolution(2 * width, width)
        self.extra = nn.Conv2d(2 * extra, width, 1) if extra else None
        self.second = convolution(2 * width, 2 * width)

    def forward(self, x: Tensor, extra: Tensor | None = None) -> Tensor:
        h = self.first(_both_signs(x))
        if self.extra is not None and extra is not None:
            h = h + self.extra(_both_signs(extra))
        value, gate = self.second(_both_signs(h)).chunk(2, dim=1)
        out: Tensor = x + value * gate.sigmoid()
        return out


def _stage(config: PixelCnnConfig, skips: bool) -> nn.ModuleList:
    """Pairs of layers of the two streams; the second also reads the first, and both the skips."""
    width, skip = config.channels, config.channels if skips else 0
    return nn.ModuleList(
        nn.ModuleList(
            [
                _GatedLayer(width, skip, _above_convolution),
                _GatedLayer(width, width + skip, _left_convolution),
            ]
        )
        for _ in range(config.blocks)
    )


Skips = list[tuple[Tensor, Tensor]]


def _run(
    stage: nn.ModuleList, above: Tensor, beside: Tensor, skips: Skips | None = None
) -> tuple[Tensor, Tensor, Skips]:
    states: Skips = []
    for pair in stage:
        assert isinstance(pair, nn.ModuleList)
        if skips is None:
            above = pair[0](above)
            beside = pair[1](beside, above)
        else:
            skip_above, skip_beside = skips[-1 - len(states)]
            above = pair[0](above, skip_above)
            beside = pair[1](beside, torch.cat([above, skip_beside], dim=1))
        states.append((above, beside))
    return above, beside, states


def _both_signs(x: Tensor) -> Tensor:
    return F.elu(torch.cat([x, -x], dim=1))


def _above_convolution(
    inputs: int, outputs: int, columns: int = 3, stride: int = 1
) -> nn.Sequential:
    """Sees the own row and the one above it, ``columns`` wide."""
    side = columns // 2
    return nn.Sequential(
        nn.ZeroPad2d((side, side, 1, 0)), nn.Conv2d(inputs, outputs, (2, columns), stride)
    )


def _left_convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Sees the own pixel, the ones above and to the left, and the one above to the left."""
    return nn.Sequential(nn.ZeroPad2d((1, 0, 1, 0)), nn.Conv2d(inputs, outputs, 2, stride))


def _left(width: int, stride: int = 1) -> nn.Sequential:
    return _left_convolution(width, width, stride)


def _shift_down(x: Tensor) -> Tensor:
    return F.pad(x, (0, 0, 1, 0))[:, :, :-1]


def mixture_log_likelihood(x: Tensor, parameters: Tensor) -> Tensor:
    """Log p of each pixel, (batch, h, w), in nats, of a mixture of logistics rounded to 256 levels.

    A level's mass is σ((x + 1/255 − μ)/s) − σ((x − 1/255 − μ)/s), the tails falling to the levels
    at either end. μ of green grows with red, of blue with red and green.

    Args:
        x: pixels (batch, 3, h, w), the 256 levels of -1..1.
        parameters: (batch, mixtures · 10, h, w).
    """
    weights, rest = parameters.unflatten(1, (-1, PER_MIXTURE)).split([1, PER_MIXTURE - 1], dim=2)
    means, log_scales, factors = rest.unflatten(2, (3, 3)).unbind(2)  # (b, m, 3, h, w) each
    factors = factors.tanh()
    red, green = x[:, None, 0], x[:, None, 1]
    means = means + torch.stack(
        [
            torch.zeros_like(means[:, :, 0]),
            factors[:, :, 0] * red,
            factors[:, :, 1] * red + factors[:, :, 2] * green,
        ],
        dim=2,
    )
    inverse = torch.exp(-log_scales.clamp_min(LOWEST_LOG_SCALE))
    centred = x[:, None] - means
    upper, lower = inverse * (centred + 1 / 255), inverse * (centred - 1 / 255)
    # ln(σ(u) − σ(l)) without cancellation
    middle = F.logsigmoid(upper) + F.logsigmoid(-lower)
    middle = middle + torch.log(-torch.expm1(-inverse * 2 / 255))
    inside = torch.where(x[:, None] > 0.999, F.logsigmoid(-lower), middle)
    levels = torch.where(x[:, None] < -0.999, F.logsigmoid(upper), inside)
    mixed = weights[:, :, 0].log_softmax(dim=1) + levels.sum(dim=2)
    return mixed.logsumexp(dim=1)
