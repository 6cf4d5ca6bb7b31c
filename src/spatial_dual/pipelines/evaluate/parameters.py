"""Parameters of the ``evaluate`` stage."""

from typing import Literal

from spatial_dual.pipelines.parameters import (
    Count,
    FitParameters,
    PartialShare,
    Section,
    Share,
    Split,
)
from spatial_dual.pipelines.perception.parameters import HubParameters, NetworkSizes


class InceptionParameters(Section):
    """File of the Inception network and its hash."""

    path: str | None
    sha256: str | None


class SceneClassifierSizes(Section):
    """See ``metrics.scene_classifier.SceneClassifierConfig``."""

    width: Count
    dim: Count
    unshuffle: Count


class SceneClassifierParameters(Section):
    """Sizes and training."""

    model: SceneClassifierSizes
    fit: FitParameters


class JudgeParameters(Section):
    """The independent judge: published checkpoints, or the network trained for it."""

    hub: HubParameters | None
    model: NetworkSizes
    token_share: Share
    fit: FitParameters


class VisorParameters(Section):
    """Captions drawn several times, and drawings of each."""

    captions: Count
    drawings: Count


class DetectorParameters(Section):
    """Open-vocabulary detector of the GLIP row, its least score, and images at a time."""

    name: str | None
    threshold: PartialShare
    batch_size: Count


class EvaluateParameters(Section):
    """``parameters_evaluate.yml``; what each key means is said there."""

    split: Split
    judge: JudgeParameters
    bounds: Count
    extractor: Literal["scenes", "inception"]
    reference_images: Count
    inception: InceptionParameters
    inception_splits: Count
    clip: str | None
    wordnet: str | None
    round_trips: Count
    visor: VisorParameters
    detector: DetectorParameters
    scene_classifier: SceneClassifierParameters
