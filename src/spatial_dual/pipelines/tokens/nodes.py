"""Nodes of the ``tokens`` stage. Torch is imported when they run, not when they are listed."""

from typing import Any

import numpy as np

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.types import (
    CheckpointStore,
    ClipEncoder,
    ImageTokenizer,
    Records,
    TextTokenizer,
)

Parameters = dict[str, Any]
Chunk = dict[str, Any]
CHUNK = 64
SAMPLE = 512


def train_image_tokenizer(
    scenes: Records,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[ImageTokenizer, Parameters]:
    """Train the VQ tokenizer on crops of the training images; gives model and log.

    Where ``parameters["pretrained"]`` names a VQGAN, that one without the codes that no training
    image uses; nothing is trained, and the log says so.
    """
    if parameters["pretrained"]:
        return _published_tokenizer(scenes, parameters["pretrained"], train["device"])
    from spatial_dual.models.image_tokenizer import (
        ImageTokenizer,
        from_uint8,
        image_tokenizer_loss,
    )
    from spatial_dual.seeding import seeded_torch, torch_generator
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.fit import fit
    from spatial_dual.training.token_sources import ImageCrops

    name = "image_tokenizer"
    with seeded_torch(seed, name, "start"):
        model = ImageTokenizer(ImageTokenizer.Config(**parameters["model"]))
    config = FitConfig(**parameters["fit"], **train, seed=seed)
    crops = ImageCrops(scenes, **parameters["crops"])
    sample = np.arange(min(len(crops), SAMPLE))
    model.start_from(
        from_uint8(crops.load(sample, torch_generator(seed, name, "sample"))["images"])
    )
    log = fit(name, model, image_tokenizer_loss, crops, config, progress)
    return model, log.to_dict()


def _published_tokenizer(
    scenes: Records, name: str, device: str
) -> tuple[ImageTokenizer, Parameters]:
    from spatial_dual.models.vqgan_checkpoints import load_vqgan
    from spatial_dual.training.published import code_counts

    whole = load_vqgan(name)
    counts = code_counts(whole, scenes, device)
    return whole.keeping(counts.nonzero()[:, 0]), _not_trained("image_tokenizer")


def _not_trained(name: str) -> Parameters:
    from spatial_dual.training.fit import TrainingLog

    return TrainingLog(name, steps=0, skipped=0, rows=[]).to_dict()


def train_text_tokenizer(scenes: Records, parameters: Parameters) -> TextTokenizer:
    """Learn the vocabulary of the training captions, or take it from a published GPT-2."""
    from spatial_dual.models.text_tokenizer import TextTokenizer

    chunks = scenes.chunks(CHUNK, ("captions",))
    captions = (text for chunk in chunks for texts in chunk["captions"] for text in texts)
    if parameters["pretrained"]:
        name, size = parameters["pretrained"], parameters["vocabulary_size"]
        return TextTokenizer.from_published(name, captions, size)
    return TextTokenizer.train(captions, parameters["vocabulary_size"])


def train_clip(
    scenes: Records,
    text_tokenizer: TextTokenizer,
    text: Parameters,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[ClipEncoder, Parameters]:
    """Train a CLIP on images and captions; gives model and log.

    ``parameters["name"]`` keeps the random streams of the model's own CLIP and of the one for
    metrics apart. Where ``parameters["pretrained"]`` names a checkpoint, that one, untrained.
    """
    from spatial_dual.models.clip import ClipEncoder, clip_loss

    name = parameters["name"]
    if parameters["pretrained"]:
        what = f"tokens.{name}.pretrained"
        return ClipEncoder.from_published(parameters["pretrained"], what), _not_trained(name)
    from spatial_dual.seeding import derive_seed, seeded_torch
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.fit import fit
    from spatial_dual.training.token_sources import CaptionedImages

    own_seed = derive_seed(seed, name)
    shape = ClipEncoder.Config(
        vocabulary_size=text_tokenizer.vocabulary_size,
        text_length=text["length"],
        image_size=scenes.array("image", [0]).shape[1],
        **parameters["model"],
    )
    with seeded_torch(own_seed, "start"):
        model = ClipEncoder(shape)
    config = FitConfig(**parameters["fit"], **train, seed=own_seed)
    pairs = CaptionedImages(scenes, text_tokenizer, text["length"])
    log = fit(name, model, clip_loss, pairs, config, progress)
    return model, log.to_dict()


def encode(
    scenes: Records,
    image_tokenizer: ImageTokenizer,
    text_tokenizer: TextTokenizer,
    clip: ClipEncoder,
    text: Parameters,
    train: Parameters,
) -> ChunkSeries:
    """All records as tokens and features, in chunks; see ``models.encoding.TokenEncoder``."""
    from spatial_dual.devices import choose_device, has_native_bfloat16
    from spatial_dual.models.encoding import TokenEncoder

    device = choose_device(train["device"])
    encoder = TokenEncoder(
        image_tokenizer,
        text_tokenizer,
        clip,
        length=text["length"],
        captions_per_record=text["captions_per_record"],
        device=device,
        bfloat16=has_native_bfloat16(device),
    )

    def encoded(rows: range) -> Chunk:
        return encoder.encode_chunk(scenes.chunk(rows, ("id", "image", "captions")))

    return ChunkSeries(len(scenes), CHUNK, encoded, "encode")
