"""Tiny VQGANs with random weights, saved as published ones are."""

from pathlib import Path

import torch
from diffusers import VQModel
from torch import Tensor

CODES, DIM = 24, 6


def vq_model() -> VQModel:
    """Two levels, 2² pixels a token; the coarse level attends."""
    torch.manual_seed(0)
    model = VQModel(
        down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=(32, 64),
        layers_per_block=1,
        latent_channels=8,
        num_vq_embeddings=CODES,
        vq_embed_dim=DIM,
    )
    with torch.no_grad():
        for weights in model.parameters():  # biases start at 0, scales at 1: a swap would not show
            weights += 0.05 * torch.randn_like(weights)
        model.quantize.embedding.weight.normal_()
    return model.eval()


def taming_state(gumbel: bool = False) -> dict[str, Tensor]:
    """Random tensors with names and shapes as taming-transformers gives them."""
    torch.manual_seed(1)
    shapes = _network("encoder", (3, 32), 8, _levels("down", [(32, 32), (32, 64)], "downsample", 0))
    shapes |= _network("decoder", (8, 64), 3, _levels("up", [(64, 32), (64, 64)], "upsample", 1))
    shapes |= {"quant_conv": (DIM, 8, 1, 1), "post_quant_conv": (8, DIM, 1, 1)}
    if gumbel:
        shapes |= {"quantize.proj": (CODES, DIM, 1, 1)}
    shapes |= {"loss.discriminator.main.0": (4, 3, 4, 4)}
    state = {}
    for name, shape in shapes.items():
        fan_in = max(1, torch.Size(shape[1:]).numel())
        is_norm = len(shape) == 1
        state[f"{name}.weight"] = torch.randn(shape) * (0.2 if is_norm else fan_in**-0.5) + is_norm
        state[f"{name}.bias"] = 0.1 * torch.randn(shape[0])
    state["quantize.embed.weight" if gumbel else "quantize.embedding.weight"] = torch.randn(
        CODES, DIM
    )
    return state


def _levels(
    side: str, widths: list[tuple[int, int]], resample: str, resampled: int
) -> dict[str, tuple[int, ...]]:
    blocks = 1 if side == "down" else 2
    shapes: dict[str, tuple[int, ...]] = {}
    for level, (inner, outer) in enumerate(widths):
        for block in range(blocks):
            enters = inner if block == 0 else outer
            shapes |= _residual(f"{side}.{level}.block.{block}", enters, outer)
            if level == 1:
                shapes |= _attention(f"{side}.{level}.attn.{block}", outer)
        if level == resampled:
            shapes[f"{side}.{level}.{resample}.conv"] = (outer, outer, 3, 3)
    return shapes


def _network(
    name: str, entry: tuple[int, int], out: int, levels: dict[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    last = 64 if name == "encoder" else 32
    shapes = {"conv_in": (entry[1], entry[0], 3, 3), **levels}
    shapes |= _residual("mid.block_1", 64, 64) | _attention("mid.attn_1", 64)
    shapes |= _residual("mid.block_2", 64, 64)
    shapes |= {"norm_out": (last,), "conv_out": (out, last, 3, 3)}
    return {f"{name}.{key}": shape for key, shape in shapes.items()}


def _residual(name: str, inner: int, outer: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        f"{name}.norm1": (inner,),
        f"{name}.conv1": (outer, inner, 3, 3),
        f"{name}.norm2": (outer,),
        f"{name}.conv2": (outer, outer, 3, 3),
    }
    if inner != outer:
        shapes[f"{name}.nin_shortcut"] = (outer, inner, 1, 1)
    return shapes


def _attention(name: str, width: int) -> dict[str, tuple[int, ...]]:
    maps = {f"{name}.{part}": (width, width, 1, 1) for part in ("q", "k", "v", "proj_out")}
    return {f"{name}.norm": (width,), **maps}


def save_diffusers(folder: Path) -> Path:
    vq_model().save_pretrained(folder)
    return folder
