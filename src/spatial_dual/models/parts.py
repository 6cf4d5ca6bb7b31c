"""The trained parts that make up the whole model, and their folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from spatial_dual.datasets.folders import read_folder, stored, write_folder
from spatial_dual.datasets.reading import BadFileError, read_json
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
_Size = Annotated[list[Annotated[float, Field(ge=0)]], Field(min_length=4, max_length=4)]
_KernelSetting = Annotated[int, Field(le=1 << 16)] | float | str | bool | None
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
    path = folder / SETTINGS
    try:
        settings = _Settings.model_validate(read_json(path))
        words = TextTokenizer.from_dict(settings.text_tokenizer)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise ValueError(f"{path}: {field}: {first['msg']}; train the model again") from error
    except BadFileError:
        raise
    except ValueError as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from error
    models = {name: load_model(folder / name, kind) for name, kind in MODELS.items()}
    return Parts(
        vocabulary=Vocabulary.from_dict(settings.vocabulary.model_dump()),
        size_prior=SizePrior.from_dict(settings.size_prior),
        text_tokenizer=words,
        kernels=settings.kernels,
        sampling=settings.sampling,
        fov_deg=settings.fov_deg,
        perceiver=load_perceiver(folder / PERCEIVER, allow_hub),
        **models,
    )


class _Words(BaseModel, strict=True, extra="forbid"):
    labels: list[str]
    attributes: dict[str, list[str]]
    predicates: list[str]
    places: list[str]


class _Settings(BaseModel, extra="forbid", allow_inf_nan=False):
    """``SETTINGS`` as a stranger may have written it."""

    vocabulary: _Words
    size_prior: dict[str, Annotated[list[_Size], Field(min_length=1)]]
    text_tokenizer: dict[str, Any]
    kernels: Mapping[str, Mapping[str, _KernelSetting]]
    sampling: SamplingOptions
    fov_deg: Annotated[float, Field(ge=1, le=179)] = ASSUMED_FOV_DEG  # version 0.1 has none
