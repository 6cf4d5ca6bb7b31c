"""What a taming-transformers VQGAN computes, written from its published description.

Plain functions of the tensors under their own names, so that a name brought to the wrong place
shows in the output.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

State = dict[str, Tensor]


def encode(state: State, images: Tensor) -> Tensor:
    x = conv(state, "encoder.conv_in", images, 1)
    x = residual(state, "encoder.down.0.block.0", x)
    # one pixel of zeros right and below, then every second position
    x = conv(state, "encoder.down.0.downsample.conv", F.pad(x, (0, 1, 0, 1)), 0, stride=2)
    x = attention(state, "encoder.down.1.attn.0", residual(state, "encoder.down.1.block.0", x))
    return conv(state, "quant_conv", leave(state, "encoder", middle(state, "encoder", x)), 0)


def decode(state: State, vectors: Tensor) -> Tensor:
    x = conv(state, "decoder.conv_in", conv(state, "post_quant_conv", vectors, 0), 1)
    x = middle(state, "decoder", x)
    for block in range(2):
        x = residual(state, f"decoder.up.1.block.{block}", x)
        x = attention(state, f"decoder.up.1.attn.{block}", x)
    x = F.interpolate(x, scale_factor=2, mode="nearest")
    x = conv(state, "decoder.up.1.upsample.conv", x, 1)
    for block in range(2):
        x = residual(state, f"decoder.up.0.block.{block}", x)
    return leave(state, "decoder", x)


def middle(state: State, side: str, x: Tensor) -> Tensor:
    x = attention(state, f"{side}.mid.attn_1", residual(state, f"{side}.mid.block_1", x))
    return residual(state, f"{side}.mid.block_2", x)


def leave(state: State, side: str, x: Tensor) -> Tensor:
    return conv(state, f"{side}.conv_out", F.silu(norm(state, f"{side}.norm_out", x)), 1)


def residual(state: State, name: str, x: Tensor) -> Tensor:
    h = conv(state, f"{name}.conv1", F.silu(norm(state, f"{name}.norm1", x)), 1)
    h = conv(state, f"{name}.conv2", F.silu(norm(state, f"{name}.norm2", h)), 1)
    if f"{name}.nin_shortcut.weight" in state:
        x = conv(state, f"{name}.nin_shortcut", x, 0)
    return x + h


def attention(state: State, name: str, x: Tensor) -> Tensor:
    normed = norm(state, f"{name}.norm", x)
    q, k, v = (conv(state, f"{name}.{part}", normed, 0).flatten(2) for part in "qkv")
    weights = torch.softmax(q.transpose(1, 2) @ k * q.shape[1] ** -0.5, dim=2)
    mixed = (v @ weights.transpose(1, 2)).reshape(x.shape)
    return x + conv(state, f"{name}.proj_out", mixed, 0)


def norm(state: State, name: str, x: Tensor) -> Tensor:
    return F.group_norm(x, 32, state[f"{name}.weight"], state[f"{name}.bias"], eps=1e-6)


def conv(state: State, name: str, x: Tensor, padding: int, stride: int = 1) -> Tensor:
    return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], stride, padding)
