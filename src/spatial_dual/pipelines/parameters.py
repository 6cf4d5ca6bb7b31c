"""What parameters may hold: parts shared by the stages' models, and the check before any node.

Each stage's own model is in ``<stage>/parameters.py``. Values are checked, not changed: nodes are
handed the mapping of the YAML files. A key with ``left_out()`` may be absent, and the default of
the library's own configuration holds.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
PartialShare = Annotated[float, Field(ge=0, lt=1)]
Split = Literal["val", "test"]
PositiveShare = Annotated[float, Field(gt=0, le=1)]


def left_out() -> Any:
    """Default of a key that may be absent, though not null."""
    return Field(None)


class Section(BaseModel):
    """A mapping in which every key is known and every value has its type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class TrainParameters(Section):
    """Of all trainings (``train``)."""

    device: str = Field(pattern="^(auto|cpu|cuda(:[0-9]+)?)$")
    max_steps: Count | None
    precision: Literal["auto", "float32", "bfloat16"] = left_out()
    checkpoint_every: Count = left_out()
    processes: Count = left_out()


class FitParameters(Section):
    """Budget and optimiser of one training, see ``training.config.FitConfig``."""

    steps: Natural
    batch_size: Count
    learning_rate: Positive
    matrix_learning_rate: Positive | None = left_out()
    matrix_modules: list[str] | None = left_out()
    module_rates: dict[str, Positive] | None = left_out()
    module_clips: dict[str, Positive] | None = left_out()
    warmup_steps: Natural = left_out()
    weight_decay: NonNegative = left_out()
    betas: Annotated[list[PartialShare], Field(min_length=2, max_length=2)] = left_out()
    gradient_clip: Positive = left_out()
    ema_decay: PartialShare = left_out()
    final_lr_ratio: Share = left_out()
    checkpoint_every: Count = left_out()


READ_BY = {"mask_share": "mask_and_replace", "embedding_dim": "continuous"}
"""Settings that one kernel alone reads."""


class KernelParameters(Section):
    """Noising, see ``diffusion.KernelConfig``."""

    name: Literal["uniform", "absorbing", "mask_and_replace", "continuous"]
    steps: Annotated[int, Field(ge=2)]
    schedule: Literal["linear", "cosine", "vq_diffusion"] = left_out()
    mask_share: Annotated[float, Field(gt=0, lt=1)] | None = left_out()
    embedding_dim: Count | None = left_out()

    @model_validator(mode="after")
    def _settings_are_read(self) -> "KernelParameters":
        for setting, reader in READ_BY.items():
            value = getattr(self, setting)
            if value is not None and self.name != reader:
                raise ValueError(f"{setting} {value} is only read by {reader}, not {self.name}")
        return self

    @property
    def has_mask(self) -> bool:
        """Whether tokens may be masked."""
        return self.name in ("absorbing", "mask_and_replace")


class DiscreteKernelParameters(KernelParameters):
    """Noising of tokens that stay tokens."""

    name: Literal["uniform", "absorbing", "mask_and_replace"]


class LossParameters(Section):
    """Factors within a diffusion loss, see ``diffusion.LossWeights``."""

    vlb: NonNegative
    cross_entropy: NonNegative
    visible: NonNegative
    absent: NonNegative

    @model_validator(mode="after")
    def _something_is_learnt(self) -> "LossParameters":
        if not self.vlb + self.cross_entropy > 0:
            raise ValueError("vlb and cross_entropy are both 0, which leaves nothing to learn")
        return self


class AttentionSizes(Section):
    """Heads, which share a width."""

    heads: Count

    @property
    def split_by_heads(self) -> str:
        """Name of the width that the heads share."""
        return "dim"

    @model_validator(mode="after")
    def _heads_divide_width(self) -> "AttentionSizes":
        name = self.split_by_heads
        width = getattr(self, name)
        if width % self.heads:
            raise ValueError(f"{name} {width} must be a multiple of heads {self.heads}")
        return self


class TransformerSizes(AttentionSizes):
    """Width, layers and heads."""

    dim: Count
    depth: Count


def problems(model: type[Section], parameters: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with each dotted key, with its value and what is allowed; empty if nothing."""
    try:
        model.model_validate(dict(parameters))
    except ValidationError as error:
        return {
            ".".join(map(str, item["loc"])): _message(model, dict(item)) for item in error.errors()
        }
    return {}


def _message(model: type[Section], item: dict[str, Any]) -> str:
    if item["type"] == "missing":
        return "is missing"
    value = f"{item['input']!r}: "
    if item["type"] == "extra_forbidden":
        allowed = ", ".join(sorted(_section_at(model, item["loc"][:-1]).model_fields))
        return f"{value}unknown key; allowed are {allowed}"
    return value + item["msg"].removeprefix("Value error, ")


def _section_at(model: type[Section], path: tuple[str | int, ...]) -> type[Section]:
    for key in path:
        if isinstance(key, str) and key in model.model_fields:
            annotation = model.model_fields[key].annotation
            choices = [annotation, *getattr(annotation, "__args__", ())]
            model = next(c for c in choices if isinstance(c, type) and issubclass(c, Section))
    return model
