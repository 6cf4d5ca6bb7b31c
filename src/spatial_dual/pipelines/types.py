"""Names for the annotations of nodes, without importing torch to list pipelines.

Kedro evaluates a node's annotations to find the types of its parameters, so they must be names
that exist while it runs. For a type checker these are the classes, at run time all are ``Any``::

    from spatial_dual.pipelines.types import CheckpointStore, Records
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatial_dual.datasets.quarantine import Finding as Finding
    from spatial_dual.datasets.quarantine import Quarantine as Quarantine
    from spatial_dual.datasets.records import Records as Records
    from spatial_dual.diffusion import Kernel as Kernel
    from spatial_dual.metrics.scene_classifier import SceneClassifier as SceneClassifier
    from spatial_dual.models.captioner import CaptionerConfig as CaptionerConfig
    from spatial_dual.models.clip import ClipEncoder as ClipEncoder
    from spatial_dual.models.decoders import TextDecoder as TextDecoder
    from spatial_dual.models.decoders import VisualDecoder as VisualDecoder
    from spatial_dual.models.dgae import Dgae as Dgae
    from spatial_dual.models.dual import DualModel as DualModel
    from spatial_dual.models.graph_diffuser import GraphDiffuser as GraphDiffuser
    from spatial_dual.models.image_tokenizer import ImageTokenizer as ImageTokenizer
    from spatial_dual.models.prior import ImagePrior as ImagePrior
    from spatial_dual.models.prior import TokenPrior as TokenPrior
    from spatial_dual.models.spatial_dual import SpatialDual as SpatialDual
    from spatial_dual.models.tag_words import TagWords as TagWords
    from spatial_dual.models.text_tokenizer import TextTokenizer as TextTokenizer
    from spatial_dual.models.token_diffuser import TokenDiffuserConfig as TokenDiffuserConfig
    from spatial_dual.parsing.interface import TextGraphParser as TextGraphParser
    from spatial_dual.perception.camera import Camera as Camera
    from spatial_dual.perception.perceiver import Perceiver as Perceiver
    from spatial_dual.perception.pixel_perceiver import PixelPerceiver as PixelPerceiver
    from spatial_dual.perception.size_prior import SizePrior as SizePrior
    from spatial_dual.perception.stored import StoredPerceiver as StoredPerceiver
    from spatial_dual.scene.graph import SceneGraph as SceneGraph
    from spatial_dual.scene.vocabulary import Vocabulary as Vocabulary
    from spatial_dual.training.checkpoint import CheckpointStore as CheckpointStore

Stated = dict[str, Any]
"""Graphs that texts state, by whose texts they are, see ``evaluate.text_nodes.parse_texts``."""


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return Any
