"""What tells a training from all others, so that a checkpoint is taken up by its own alone."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from spatial_dual.training.config import FitConfig


def training_fingerprint(
    name: str,
    config: FitConfig,
    loss_fn: Any,
    examples: int,
    tensors: Mapping[str, Tensor],
    recipe: str,
) -> str:
    """Hash of a training's settings, those of its loss among them, and of ``tensors``.

    Args:
        name: of the training.
        config: its budget and optimisers.
        loss_fn: its loss.
        examples: how many there are.
        tensors: the starting weights and the first batch, by name.
        recipe: digest of code and data.
    """
    settings = {**asdict(config), "name": name, "examples": examples, "recipe": recipe}
    settings["loss"] = settings_of(loss_fn)
    digest = hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16)
    for key, value in tensors.items():
        digest.update(f"{key} {bytes_of(value)}".encode())
    return digest.hexdigest()


def settings_of(value: Any) -> Any:
    """What a loss was made with, as JSON: its attributes, their attributes, and so on.

    Kernels count by their ``config``, tensors by their bytes. Private attributes are state, which
    a checkpoint keeps where it matters; functions have no settings.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor):
        return bytes_of(value)
    if isinstance(value, Mapping):
        return {str(key): settings_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [settings_of(item) for item in value]
    if is_dataclass(value):
        return {field.name: settings_of(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "config"):
        return settings_of(value.config)
    attributes = getattr(value, "__dict__", {})
    return {key: settings_of(item) for key, item in attributes.items() if not key.startswith("_")}


def bytes_of(value: Tensor) -> str:
    """Hash of a tensor's values."""
    raw = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return hashlib.blake2b(raw.numpy().tobytes(), digest_size=16).hexdigest()
