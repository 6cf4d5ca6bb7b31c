"""Perceivers as folders: our network with its weights, or published checkpoints and their names."""

import json
from pathlib import Path

from spatial_dual.datasets.folders import read_folder, write_folder
from spatial_dual.datasets.reading import read_json
from spatial_dual.datasets.weights import load_model, save_model
from spatial_dual.perception.hub.config import HubConfig
from spatial_dual.perception.hub.perceiver import HubPerceiver
from spatial_dual.perception.hub.stored_names import resolved, with_copies
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
        write_folder(folder, lambda target: _write_hub(target, perceiver.config))
    else:
        raise TypeError(f"{folder}: is for a perceiver, got {type(perceiver).__name__}")


def load_perceiver(folder: Path, allow_hub: bool = False) -> StoredPerceiver:
    """Inverse of ``save_perceiver``.

    Args:
        folder: perhaps a stranger's.
        allow_hub: whether checkpoints of the hub that it names may be loaded.

    Raises:
        IncompleteFolderError: the folder fails its manifest.
        ValueError: the configuration or the weights are another version's.
    """
    return read_folder(folder, lambda place: _load(place, allow_hub))


def _load(folder: Path, allow_hub: bool) -> StoredPerceiver:
    if (folder / HUB_FILE).is_file():
        stated = HubConfig.from_dict(read_json(folder / HUB_FILE))
        config, hub_names = resolved(stated, folder)
        return HubPerceiver(config, refused=() if allow_hub else hub_names)
    loaded: PixelPerceiver = load_model(folder, PixelPerceiver)
    return loaded


def _write_hub(target: Path, config: HubConfig) -> None:
    stored = with_copies(config, target).to_dict()
    (target / HUB_FILE).write_text(json.dumps(stored, indent=1) + "\n")
