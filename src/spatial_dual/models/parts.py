"""The trained parts that make up the whole model, and their folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spatial_dual.datasets.folders import read_folder, stored, write_folder
from spatial_dual.datasets.weights import load_model, save_model
from spatial_dual.models.clip import ClipEncoder
from spatial_dual.models.decoders import TextDecoder, VisualDecoder
from spatial_dual.models.dgae import Dgae
from spatial_dual.models.dual import DualModel
from spatial_dual.models.generation import SamplingOptions
from spatial_dual.models.image_tokenizer import ImageTokenizer
from spatial_dual.models.text_tokenizer import TextTokenizer
from spatial_dual.perception.camera import ASSUMED_FOV_DEG
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.perception.stored import StoredPerceiver, load_perceiver, save_perceiver
from spatial_dual.scene.vocabulary import Vocabulary

MODELS: Mapping[str, type[Any]] = {
    "image_tokenizer": ImageTokenizer,
    "clip": ClipEncoder,
    "dgae": Dgae,
    "visual_decoder": VisualDecoder,
    "text_decoder": TextDecoder,
    "dual": DualModel,
}
PERCEIVER = "perceiver"
SETTINGS = "spatial_dual.json"


@dataclass(frozen=True)
class Parts:
    """Everything that drawing and describing need.

    Attributes:
        kernels: settings of the "image", "text" and "graph" kernels, without their classes.
        sampling: how chains are run unless a call says otherwise.
        fov_deg: vertical field of view in degrees of drawings, and of photographs that do not
            tell theirs; that of the pictures that the model was trained on.
    """

    vocabulary: Vocabulary
    size_prior: SizePrior
    text_tokenizer: TextTokenizer
    perceiver: StoredPerceiver
    image_tokenizer: ImageTokenizer
    clip: ClipEncoder
    dgae: Dgae
    visual_decoder: VisualDecoder
    text_decoder: TextDecoder
    dual: DualModel
    kernels: Mapping[str, Mapping[str, Any]]
    sampling: SamplingOptions
    fov_deg: float

    def sees_graph(self, kind: str) -> bool:
        """Whether anything that makes an "image" or a "text" reads the 3DSG."""
        maker = self.dual.image if kind == "image" else self.dual.text
        decoder = self.visual_decoder if kind == "image" else self.text_decoder
        return maker.graph is not None or decoder.graph is not None


def save_parts(folder: Path, parts: Parts) -> None:
    """Write one folder a model, and the words and settings in one file, all under one manifest."""
    settings = {
        "vocabulary": parts.vocabulary.to_dict(),
        "size_prior": parts.size_prior.to_dict(),
        "text_tokenizer": parts.text_tokenizer.to_dict(),
        "kernels": parts.kernels,
        "sampling": asdict(parts.sampling),
        "fov_deg": parts.fov_deg,
    }

    def fill(target: Path) -> None:
        for name in MODELS:
            save_model(target / name, getattr(parts, name))
        save_perceiver(target / PERCEIVER, parts.perceiver)
        (target / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n")

    write_folder(folder, fill)


def load_parts(folder: Path, allow_hub: bool = False) -> Parts:
    """Inverse of ``save_parts``.

    Args:
        folder: perhaps a stranger's.
        allow_hub: whether published checkpoints that it names may be loaded.

    Raises:
        FileNotFoundError: the folder holds no model.
        IncompleteFolderError: a file of it is missing, cut or changed.
    """
    if not (stored(folder) / SETTINGS).is_file():
        raise FileNotFoundError(
            f"{folder}: no trained model ({SETTINGS} is missing); run `make train`, or name the "
            "folder of one"
        )
    return read_folder(folder, lambda place: _load_parts(place, allow_hub))


def _load_parts(folder: Path, allow_hub: bool) -> Parts:
    settings = json.loads((folder / SETTINGS).read_text())
    models = {name: load_model(folder / name, kind) for name, kind in MODELS.items()}
    return Parts(
        vocabulary=Vocabulary.from_dict(settings["vocabulary"]),
        size_prior=SizePrior.from_dict(settings["size_prior"]),
        text_tokenizer=TextTokenizer.from_dict(settings["text_tokenizer"]),
        kernels=settings["kernels"],
        sampling=SamplingOptions(**settings["sampling"]),
        fov_deg=settings.get("fov_deg", ASSUMED_FOV_DEG),  # folders of version 0.1 have none
        perceiver=load_perceiver(folder / PERCEIVER, allow_hub),
        **models,
    )
