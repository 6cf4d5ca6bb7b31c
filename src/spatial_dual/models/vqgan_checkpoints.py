"""Published VQGANs as image tokenizers: diffusers' ``VQModel``, or a taming-transformers file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from spatial_dual.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig
from spatial_dual.models.taming import from_taming
from spatial_dual.models.vqgan import (
    ATTENTIVE_DOWN,
    ATTENTIVE_UP,
    DOWN,
    UP,
    VqganConfig,
)
from spatial_dual.perception.hub.checkpoints import pretrained_model

State = dict[str, Tensor]
WHAT = "tokens.image_tokenizer.pretrained"
_ONLY = {
    "in_channels": 3,
    "out_channels": 3,
    "act_fn": "silu",
    "norm_type": "group",
    "mid_block_add_attention": True,
}


def load_vqgan(name: str) -> ImageTokenizer:
    """A published VQGAN with all of its codes.

    Args:
        name: a file in the layout of taming-transformers (.ckpt, .pt, .safetensors; read without
            running code of it), a folder made by ``VQModel.save_pretrained``, or a name on the
            hub: ``owner/name``, or ``owner/name/subfolder``.

    Raises:
        ValueError: nothing there, or no VQGAN that the networks here can hold; says why.
        ImportError: diffusers is not installed.
    """
    if Path(name).is_file():
        config, state = from_taming(_read_file(Path(name)), name)
    else:
        config, state = _from_diffusers(name)
    codebook = state["quantize.embedding.weight"]
    tokenizer = ImageTokenizer(ImageTokenizerConfig(len(codebook), config.dim, vqgan=config))
    try:
        _fill(tokenizer, state)
    except RuntimeError as error:
        raise ValueError(f"{name}: weights do not fit {config}: {error}") from error
    return tokenizer.eval()


def _fill(tokenizer: ImageTokenizer, state: State) -> None:
    """Hand the tensors of a state in ``VQModel``'s layout to the tokenizer's parts."""
    encoder, decoder = tokenizer.encoder, tokenizer.decoder
    parts: dict[str, Any] = {
        "encoder.": encoder.encoder,
        "quant_conv.": encoder.quant_conv,
        "decoder.": decoder.decoder,
        "post_quant_conv.": decoder.post_quant_conv,
    }
    for prefix, part in parts.items():
        part.load_state_dict(_below(state, prefix))
    projection = _below(state, "quantize.projection.")
    pair = (projection["weight"], projection["bias"]) if projection else None
    tokenizer.quantiser.fill(state["quantize.embedding.weight"], pair)


def _below(state: State, prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}


def _from_diffusers(name: str) -> tuple[VqganConfig, State]:
    try:
        from diffusers import VQModel
    except ImportError as error:
        raise ImportError(
            f"{name}: needs diffusers; pip install 'spatial-dual[pretrained]'"
        ) from error
    place, options = _place(name)
    model = pretrained_model(VQModel, place, WHAT, **options)
    return _config(dict(model.config), name), model.float().state_dict()


def _place(name: str) -> tuple[str, dict[str, str]]:
    owner, *rest = name.split("/", 2)
    if Path(name).exists() or len(rest) < 2 or not owner:
        return name, {}
    return f"{owner}/{rest[0]}", {"subfolder": rest[1]}


def _config(told: Mapping[str, Any], name: str) -> VqganConfig:
    down, up = set(told["down_block_types"]), set(told["up_block_types"])
    other = {key: told[key] for key, value in _ONLY.items() if told[key] != value}
    strange = (down | up) - {DOWN, ATTENTIVE_DOWN, UP, ATTENTIVE_UP}
    if other or strange:
        raise ValueError(f"{name}: a VQModel of another kind: {other or sorted(strange)}")
    return VqganConfig(
        dim=told["vq_embed_dim"] or told["latent_channels"],
        latent_channels=told["latent_channels"],
        channels=told["block_out_channels"],
        layers=told["layers_per_block"],
        attends=tuple(kind == ATTENTIVE_DOWN for kind in told["down_block_types"]),
        decoder_attends=tuple(kind == ATTENTIVE_UP for kind in told["up_block_types"]),
        groups=told["norm_num_groups"],
    )


def _read_file(path: Path) -> State:
    loaded: Any
    try:
        if path.suffix == ".safetensors":
            loaded = load_file(path)
        else:
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle's, zipfile's, torch's and safetensors' have no common class
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"{path}: cannot be read as tensors alone ({reason}); where it holds a trainer's "
            "objects too, save its 'state_dict' by itself and name that file"
        ) from error
    state: State = loaded.get("state_dict", loaded)
    return state
