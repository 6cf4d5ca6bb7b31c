"""Nodes of the ``alignment`` stage: paper step 2. Torch is imported when they run."""

from typing import Any

from spatial_dual.pipelines.types import (
    CheckpointStore,
    Dgae,
    ImageTokenizer,
    Records,
    TextDecoder,
    TextTokenizer,
    VisualDecoder,
    Vocabulary,
)

Parameters = dict[str, Any]


def train_visual_decoder(
    scenes: Records,
    tokens: Records,
    aligned: Records,
    image_tokenizer: ImageTokenizer,
    dgae: Dgae,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[VisualDecoder, Parameters]:
    """Train G_V on z^{I+}, starting from the tokenizer's decoder; gives model and log."""
    from spatial_dual.models.decoders import VisualDecoder
    from spatial_dual.models.graph_nodes import TAG_NAMES
    from spatial_dual.seeding import seeded_torch
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.fit import fit
    from spatial_dual.training.objectives.alignment import VisualDecoderLoss
    from spatial_dual.training.record_source import RecordSource, prefixed

    shape = VisualDecoder.Config(
        dgae.config.shape, image_tokenizer.config.patches, **parameters["model"]
    )
    with seeded_torch(seed, "visual_decoder", "start"):
        model = VisualDecoder(shape)
    model.start_from(image_tokenizer)
    source = RecordSource(
        captions=1,
        whole={"images": (scenes, "image"), "image_codes": (tokens, "image_codes")},
        image_view=prefixed(aligned, "gold", TAG_NAMES, "gold"),
    )
    loss = VisualDecoderLoss(image_tokenizer.codebook.detach())
    config = FitConfig(**parameters["fit"], **train, seed=seed)
    log = fit("visual_decoder", model, loss, source, config, progress)
    return model, log.to_dict()


def train_text_decoder(
    tokens: Records,
    aligned: Records,
    text_tokenizer: TextTokenizer,
    vocabulary: Vocabulary,
    dgae: Dgae,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[TextDecoder, Parameters]:
    """Train the GPT-2 G_T on [z^Y ; z^G], from a published one if named; gives model and log."""
    from spatial_dual.diffusion import KernelConfig, build_kernel
    from spatial_dual.models.decoders import TextDecoder
    from spatial_dual.models.graph_nodes import TAG_NAMES
    from spatial_dual.models.tag_words import TagWords
    from spatial_dual.scene.tensors import GraphCodec
    from spatial_dual.seeding import seeded_torch
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.fit import fit
    from spatial_dual.training.objectives.alignment import TextDecoderLoss
    from spatial_dual.training.record_source import RecordSource, prefixed

    captions, length = tokens.array("text_codes", [0]).shape[1:]
    words = text_tokenizer.vocabulary_size
    shape = dgae.config.shape
    said = TagWords.of(GraphCodec(vocabulary, shape.slots), text_tokenizer)
    config = TextDecoder.Config(shape, said, words, int(length), **parameters["model"])
    with seeded_torch(seed, "text_decoder", "start"):
        model = TextDecoder(config)
    if parameters["pretrained"]:
        from spatial_dual.models.published_gpt import start_from_gpt2

        start_from_gpt2(model, parameters["pretrained"], text_tokenizer)
    source = RecordSource(
        captions=int(captions),
        by_caption={"text_codes": (tokens, "text_codes")},
        text_view=prefixed(aligned, "gold", TAG_NAMES, "gold"),
    )
    kernel = build_kernel(KernelConfig(classes=words, **parameters["kernel"]))
    budget = FitConfig(**parameters["fit"], **train, seed=seed)
    log = fit("text_decoder", model, TextDecoderLoss(kernel), source, budget, progress)
    return model, log.to_dict()
