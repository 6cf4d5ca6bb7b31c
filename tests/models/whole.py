"""A whole model of tiny untrained parts: every line of the real code, no training."""

import torch

from spatial_dual.models.clip import ClipConfig, ClipEncoder
from spatial_dual.models.decoders import (
    TextDecoder,
    TextDecoderConfig,
    VisualDecoder,
    VisualDecoderConfig,
)
from spatial_dual.models.dgae import Dgae, DgaeConfig
from spatial_dual.models.dual import DualModel, DualModelConfig
from spatial_dual.models.generation import SamplingOptions
from spatial_dual.models.graph_diffuser import GraphDiffuserConfig
from spatial_dual.models.graph_nodes import NodeShape
from spatial_dual.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig
from spatial_dual.models.parts import Parts
from spatial_dual.models.spatial_dual import SpatialDual
from spatial_dual.models.tag_words import TagWords
from spatial_dual.models.text_tokenizer import TextTokenizer
from spatial_dual.models.token_diffuser import TokenDiffuserConfig
from spatial_dual.perception.network import PerceiverConfig
from spatial_dual.perception.pixel_perceiver import PixelPerceiver
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject
from spatial_dual.scene.tensors import GraphCodec
from spatial_dual.scene.vocabulary import Vocabulary

SIZE, LENGTH = 32, 12
GRAPH = SceneGraph(
    objects=(
        SceneObject(label="cup", attributes=("red", "small")),
        SceneObject(label="table", attributes=("blue", "large")),
    ),
    relations=(Relation(subject=0, predicate="on", object=1),),
    place="kitchen",
)
CAPTIONS = ["a red cup on a blue table", "a small cup to the left of a large table"]


def make_whole() -> SpatialDual:
    """Untrained, 32² pixels in 4×4 tokens, the words of ``GRAPH`` and ``CAPTIONS``."""
    torch.manual_seed(0)
    vocabulary = Vocabulary.from_graphs([GRAPH])
    codec = GraphCodec(vocabulary, slots=4)
    shape = NodeShape.of(codec)
    words = TextTokenizer.train(CAPTIONS, 128)
    said = TagWords.of(codec, words)
    image = ImageTokenizerConfig(codes=16, code_dim=4, channels=8, coarse_blocks=1, fine_blocks=0)
    clip = ClipConfig(words.vocabulary_size, SIZE, 16, LENGTH, dim=8, width=8, layers=1, heads=2)
    dgae = Dgae(DgaeConfig(shape, dim=16, levels=(5, 3), rounds=1, heads=2))
    common = {"shape": shape, "condition_dim": 8, "dim": 16, "depth": 1, "heads": 2}
    dual = DualModelConfig(
        TokenDiffuserConfig(codes=16, tokens=16, is_grid=True, **common),
        TokenDiffuserConfig(
            codes=words.vocabulary_size, tokens=LENGTH, is_grid=False, words=said, **common
        ),
        GraphDiffuserConfig(shape, dgae.codes, {"image": 8, "text": 8}, 16, 1, 2),
    )
    perceiver = PerceiverConfig(labels=vocabulary.labels, attributes={"colour": ("red", "blue")})
    kernel = {"name": "mask_and_replace", "steps": 10}
    parts = Parts(
        vocabulary=vocabulary,
        size_prior=SizePrior.fit([GRAPH]),
        text_tokenizer=words,
        perceiver=PixelPerceiver(perceiver).eval(),
        image_tokenizer=ImageTokenizer(image).eval(),
        clip=ClipEncoder(clip).eval(),
        dgae=dgae.eval(),
        visual_decoder=VisualDecoder(VisualDecoderConfig(shape, image.patches)).eval(),
        text_decoder=TextDecoder(
            TextDecoderConfig(shape, said, words.vocabulary_size, LENGTH, 16, 1, 2)
        ).eval(),
        dual=DualModel(dual).eval(),
        kernels=dict.fromkeys(("graph", "image", "text"), kernel),
        sampling=SamplingOptions(steps=4),
        fov_deg=48.0,
    )
    return SpatialDual(parts)
