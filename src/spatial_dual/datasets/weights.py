"""Models as folders: ``config.json`` and ``model.safetensors`` under a manifest."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial_dual.datasets.folders import read_folder, write_folder

if TYPE_CHECKING:
    from torch import nn

CONFIG = "config.json"
WEIGHTS = "model.safetensors"


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
        ValueError: the configuration or the weights are another class's or version's.
    """
    return read_folder(folder, lambda place: _load(place, model_class))


def _load(folder: Path, model_class: type[Any]) -> Any:
    from safetensors.torch import load_model as load_weights

    stored = json.loads((folder / CONFIG).read_text())
    config = {key: tuple(v) if isinstance(v, list) else v for key, v in stored.items()}
    try:
        model = model_class(model_class.Config(**config))
    except (TypeError, ValueError) as error:
        raise ValueError(_advice(folder / CONFIG, model_class, error)) from error
    try:
        load_weights(model, folder / WEIGHTS)
    except RuntimeError as error:
        raise ValueError(_advice(folder / WEIGHTS, model_class, error)) from error
    return model.eval()


def _advice(path: Path, model_class: type[Any], error: Exception) -> str:
    return f"{path}: not for {model_class.__name__} as it is now: {error}; train it again"
