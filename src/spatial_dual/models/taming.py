"""Tensors of a VQGAN in the layout of taming-transformers, brought into that of diffusers.

Levels are numbered finest first, in the decoder too: ``encoder.down.0.block.1``,
``decoder.up.0.block.2``; attention is written as 1×1 convolutions. Sizes are read off the tensors.
"""

import re
from collections.abc import Mapping

from torch import Tensor

from spatial_dual.models.vqgan import VqganConfig

GROUPS = 32  # of its group norms, always; no tensor tells
_NAMES = (
    (r"\.mid\.block_(\d)\.", lambda m: f".mid_block.resnets.{int(m[1]) - 1}."),
    (r"\.mid\.attn_1\.", ".mid_block.attentions.0."),
    (r"\.nin_shortcut\.", ".conv_shortcut."),
    (r"\.norm_out\.", ".conv_norm_out."),
    (r"\.block\.", ".resnets."),
    (r"\.attn\.", ".attentions."),
    (r"\.downsample\.", ".downsamplers.0."),
    (r"\.upsample\.", ".upsamplers.0."),
)
_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
_PARTS = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.")


def from_taming(state: Mapping[str, Tensor], name: str) -> tuple[VqganConfig, dict[str, Tensor]]:
    """Sizes, and tensors under the names of diffusers' ``VQModel``.

    A Gumbel quantiser's linear map becomes ``quantize.projection``. Tensors of the training's
    losses are left out.

    Args:
        state: ``encoder.…``, ``decoder.…``, ``quant_conv.…``, ``post_quant_conv.…`` and
            ``quantize.embedding.weight``, or ``quantize.embed.weight`` and ``quantize.proj.…``.
        name: of the file, for messages.

    Raises:
        ValueError: a tensor that every such VQGAN has is missing.
    """
    try:
        return _sizes(state), _renamed(state)
    except KeyError as error:
        raise ValueError(
            f"{name}: no VQGAN of taming-transformers: tensor {error} is missing"
        ) from error


def _sizes(state: Mapping[str, Tensor]) -> VqganConfig:
    levels = range(1 + max(_numbers(state, r"encoder\.down\.(\d+)\.block\."), default=-1))
    return VqganConfig(
        dim=state["quant_conv.weight"].shape[0],
        latent_channels=state["encoder.conv_out.weight"].shape[0],
        channels=tuple(len(state[f"encoder.down.{i}.block.0.conv1.weight"]) for i in levels),
        layers=1 + max(_numbers(state, r"encoder\.down\.0\.block\.(\d+)\."), default=-1),
        attends=tuple(bool(_numbers(state, rf"encoder\.down\.({i})\.attn\.")) for i in levels),
        decoder_attends=tuple(
            bool(_numbers(state, rf"decoder\.up\.({i})\.attn\.")) for i in reversed(levels)
        ),
        groups=GROUPS,
    )


def _numbers(state: Mapping[str, Tensor], pattern: str) -> set[int]:
    found = (re.match(pattern, key) for key in state)
    return {int(match[1]) for match in found if match}


def _renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    coarsest = max(_numbers(state, r"encoder\.down\.(\d+)\."), default=0)
    renamed = {
        _name(key, coarsest): value for key, value in state.items() if key.startswith(_PARTS)
    }
    for key, value in renamed.items():
        if ".attentions." in key and value.ndim == 4:
            renamed[key] = value[:, :, 0, 0]
    if "quantize.proj.weight" in state:
        renamed["quantize.embedding.weight"] = state["quantize.embed.weight"]
        renamed["quantize.projection.weight"] = state["quantize.proj.weight"][:, :, 0, 0]
        renamed["quantize.projection.bias"] = state["quantize.proj.bias"]
    else:
        renamed["quantize.embedding.weight"] = state["quantize.embedding.weight"]
    return renamed


def _name(key: str, coarsest: int) -> str:
    key = re.sub(r"\.down\.(\d+)\.", r".down_blocks.\1.", key)
    key = re.sub(r"\.up\.(\d+)\.", lambda m: f".up_blocks.{coarsest - int(m[1])}.", key)
    for pattern, name in _NAMES:
        key = re.sub(pattern, name, key)
    head, attention, tail = key.partition(".attentions.")
    if attention:
        number, part, kind = tail.split(".")
        tail = f"{number}.{_ATTENTION[part]}.{kind}"
    return head + attention + tail
