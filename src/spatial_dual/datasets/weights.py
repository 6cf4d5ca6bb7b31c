"""Models as folders: ``config.json`` and ``model.safetensors`` under a manifest."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial_dual.datasets.folders import read_folder, write_folder
from spatial_dual.datasets.reading import read_json

if TYPE_CHECKING:
    from torch import nn

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
_LONGEST_REASON = 300
"""Characters: PyTorch lists every weight."""


def save_model(folder: Path, model: "nn.Module") -> None:
    """Write a model with a dataclass ``config``; equal models give equal bytes."""
    from safetensors.torch import save_model as save_weights

    def fill(target: Path) -> None:
        config = json.dumps(asdict(model.config), indent=1)  # type: ignore[call-overload]
        (target / CONFIG).write_text(config + "\n")
        save_weights(model, str(target / WEIGHTS))

    write_folder(folder, fill)


def load_model(folder: Path, model_class: type[Any]) -> Any:
    """Build ``model_class(model_class.Config(**config))`` with its weights, in eval mode.

    Raises:
        IncompleteFolderError: the folder fails its manifest.
        ValueError: the configuration or the weights are another class's or version's, do not
            belong together, or are not finite.
    """
    return read_folder(folder, lambda place: _load(place, model_class))


def _load(folder: Path, model_class: type[Any]) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_model as load_weights

    weights = folder / WEIGHTS
    try:
        model = _built(read_json(folder / CONFIG), model_class, weights)
    except Exception as error:  # of a strange configuration, any line of a constructor may fail
        raise ValueError(_advice(folder / CONFIG, model_class, error)) from error
    try:
        load_weights(model, weights)
    except (RuntimeError, SafetensorError) as error:
        raise ValueError(_advice(weights, model_class, error)) from error
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ValueError(f"{weights}: {name} is not finite; train the model again")
    return model.eval()


def _built(stored: Any, model_class: type[Any], weights: Path) -> Any:
    from spatial_dual.datasets.bounded_build import BoundedBuild, check_numbers

    check_numbers(stored, weights)
    config = {key: tuple(v) if isinstance(v, list) else v for key, v in stored.items()}
    with BoundedBuild(weights):
        return model_class(model_class.Config(**config))


def _advice(path: Path, model_class: type[Any], error: Exception) -> str:
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    reason = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"
    return f"{path}: not for {model_class.__name__} as it is now: {reason}; train it again"
