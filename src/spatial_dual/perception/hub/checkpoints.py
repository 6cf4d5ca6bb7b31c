"""Loading of checkpoints by name or folder; failures say what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def pretrained(load: Callable[..., Any], name: str, what: str, **options: Any) -> Any:
    """``load(name, **options)`` of a transformers class; code beside the weights is never run.

    Args:
        load: a ``from_pretrained``.
        name: of a local folder, or of the hub, perhaps pinned as ``owner/name@commit``.
        what: what an error calls it.
        options: of ``load``.

    Raises:
        ValueError: no such checkpoint here or on the hub, or one of another kind; names it.
    """
    try:
        place, _, revision = (name, "", "") if Path(name).exists() else name.partition("@")
        options |= {"revision": revision} if revision else {}
        return load(place, trust_remote_code=False, **options)
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = str(error).strip().partition("\n")[0]
        if not name or (Path(name).is_absolute() and not Path(name).exists()):
            reason = "there is no such folder"  # transformers tells of names on the hub
        raise ValueError(
            f"{what} {name!r} cannot be loaded: {reason}; name a folder made by save_pretrained, "
            "or a checkpoint of the hub that can be downloaded"
        ) from error


def pretrained_model(kind: Any, name: str, what: str, **options: Any) -> Any:
    """The weights of a checkpoint, which must be safetensors: other files can hold code.

    Raises:
        ValueError: as of ``pretrained``.
    """
    return pretrained(kind.from_pretrained, name, what, use_safetensors=True, **options)


def image_processor(name: str, what: str) -> Any:
    """The checkpoint's image processor in its Pillow form, which needs no torchvision."""
    from transformers import AutoImageProcessor

    return pretrained(AutoImageProcessor.from_pretrained, name, what, backend="pil")


def half_precision(device: torch.device) -> torch.autocast:
    """Autocast to float16 on a GPU: bfloat16 would round depth to steps of 0.4 %."""
    return torch.autocast(device.type, dtype=torch.float16, enabled=device.type == "cuda")
