"""What a perceiver of published checkpoints is made of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class HubConfig:
    """Names of the checkpoints and how they are used; plain JSON types only.

    Attributes:
        depth: a hub name or local folder of any ``AutoModelForDepthEstimation``, or an ``.onnx``
            file, with metric output.
        instances: a hub name or local folder of a segmenter (Mask2Former, OneFormer, DETR), a
            detector (DETR and its kin) or an open-vocabulary detector (Grounding DINO, OWLv2).
        labels: what an open-vocabulary detector looks for; empty for all others.
        threshold: least score of an instance, 0..1.
        max_instances: most instances kept in an image, the surest ones.
        batch_size: images at a time.
        inverse_depth: (scale, shift) of a relative depth model: 1 / metres = scale · output +
            shift. Without it such a model is refused.

    Raises:
        ValueError: a value out of range or a checkpoint without a name; the message holds it.
    """

    depth: str
    instances: str
    labels: tuple[str, ...] = ()
    threshold: float = 0.5
    max_instances: int = 32
    batch_size: int = 8
    inverse_depth: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        if self.inverse_depth is not None:
            object.__setattr__(self, "inverse_depth", tuple(self.inverse_depth))
        for field in ("depth", "instances"):
            if not getattr(self, field):
                raise ValueError(f"perception.hub.{field}: name a checkpoint or a local folder")
        if not 0 <= self.threshold < 1:
            raise ValueError(f"perception.hub.threshold must be in [0, 1), got {self.threshold}")
        if not 1 <= self.max_instances <= 255 or self.batch_size < 1:
            raise ValueError(
                "perception.hub: max_instances must be in 1..255 and batch_size positive, got "
                f"{self.max_instances} and {self.batch_size}"
            )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready mapping; ``from_dict`` gives back an equal configuration."""
        return asdict(self)

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Self:
        """Inverse of ``to_dict``.

        Raises:
            ValueError: an unknown field, or a value out of range.
        """
        try:
            return cls(**body)
        except TypeError as error:
            raise ValueError(f"perception.hub: {error}") from error
