"""Perceivers as folders: our network with its weights, or the names of published checkpoints."""

import json
from pathlib import Path

from spatial_dual.datasets.folders import verify_folder, write_folder
from spatial_dual.datasets.reading import read_json
from spatial_dual.datasets.weights import load_model, save_model
from spatial_dual.perception.hub.config import HubConfig
from spatial_dual.perception.hub.perceiver import HubPerceiver
from spatial_dual.perception.pixel_perceiver import PixelPerceiver

StoredPerceiver = PixelPerceiver | HubPerceiver
HUB_FILE = "hub.json"


def save_perceiver(folder: Path, perceiver: StoredPerceiver) -> None:
    """Replace the folder; a failure leaves the one before.

    Raises:
        TypeError: something else than one of the two perceivers.
    """
    if isinstance(perceiver, PixelPerceiver):
        save_model(folder, perceiver)
    elif isinstance(perceiver, HubPerceiver):
        content = json.dumps(perceiver.config.to_dict(), indent=1) + "\n"
        write_folder(folder, lambda target: _write(target / HUB_FILE, content))
    else:
        raise TypeError(f"{folder}: is for a perceiver, got {type(perceiver).__name__}")


def load_perceiver(folder: Path, allow_hub: bool = False) -> StoredPerceiver:
    """Inverse of ``save_perceiver``.

    Args:
        folder: perhaps a stranger's.
        allow_hub: whether the checkpoints that it names may be loaded.

    Raises:
        IncompleteFolderError: the folder fails its manifest.
        ValueError: the configuration or the weights are another version's.
    """
    verify_folder(folder)
    if (folder / HUB_FILE).is_file():
        return HubPerceiver(HubConfig.from_dict(read_json(folder / HUB_FILE)), allow_hub)
    loaded: PixelPerceiver = load_model(folder, PixelPerceiver)
    return loaded


def _write(path: Path, content: str) -> None:
    path.write_text(content)
