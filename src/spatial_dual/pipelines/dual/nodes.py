"""Nodes of the ``dual`` stage: priors, and paper step 4. Torch is imported when they run."""

from typing import Any

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.types import (
    CaptionerConfig,
    CheckpointStore,
    ClipEncoder,
    Dgae,
    DualModel,
    GraphDiffuser,
    ImagePrior,
    ImageTokenizer,
    Kernel,
    Records,
    SizePrior,
    SpatialDual,
    StoredPerceiver,
    TagWords,
    TextDecoder,
    TextTokenizer,
    TokenDiffuserConfig,
    TokenPrior,
    VisualDecoder,
    Vocabulary,
)

Parameters = dict[str, Any]
Chunk = dict[str, Any]
CHUNK = 256


def train_image_prior(
    scenes: Records,
    tokens: Records,
    image_tokenizer: ImageTokenizer,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[ImagePrior, Parameters]:
    """Train p̂(I), autoregressive over image tokens or over pixels; gives model and log."""
    from spatial_dual.models.prior import ImagePrior
    from spatial_dual.training.priors import train_prior
    from spatial_dual.training.record_source import RecordSource

    config = ImagePrior.Config(
        codes=image_tokenizer.config.codes,
        tokens=tokens.array("image_codes", [0]).shape[1],
        pixels=parameters["pixels"],
        **parameters["model"],
    )
    column = (tokens, "image_codes") if config.pixels is None else (scenes, "image")
    source = RecordSource(captions=1, whole={"samples": column})
    return train_prior(
        "image_prior", source, lambda: ImagePrior(config), parameters, train, seed, progress
    )


def train_text_prior(
    tokens: Records,
    text_tokenizer: TextTokenizer,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[TokenPrior, Parameters]:
    """Train p̂(Y), a language model over caption tokens; gives model and log."""
    from spatial_dual.models.prior import TokenPrior
    from spatial_dual.training.priors import train_prior
    from spatial_dual.training.record_source import RecordSource

    captions, length = tokens.array("text_codes", [0]).shape[1:]
    source = RecordSource(captions=int(captions), by_caption={"samples": (tokens, "text_codes")})
    config = TokenPrior.Config(text_tokenizer.vocabulary_size, int(length), **parameters["model"])
    return train_prior(
        "text_prior", source, lambda: TokenPrior(config), parameters, train, seed, progress
    )


def score_priors(
    scenes: Records, tokens: Records, image_prior: ImagePrior, text_prior: TokenPrior
) -> ChunkSeries:
    """Log p̂ of every image and caption, in nats; frozen, so computed once."""
    from spatial_dual.training.priors import log_priors
    from spatial_dual.training.record_source import to_tensor

    records, column = (scenes, "image") if image_prior.reads_pixels else (tokens, "image_codes")

    def scored(rows: range) -> Chunk:
        images = to_tensor(records.array(column, rows))
        captions = to_tensor(tokens.array("text_codes", rows))
        ids = tokens.values("id", rows)
        return {"id": ids} | log_priors(images, captions, image_prior, text_prior)

    return ChunkSeries(len(tokens), CHUNK, scored, "log-priors")


def train_dual(
    tokens: Records,
    graph_codes: Records,
    aligned: Records,
    priors: Records,
    image_tokenizer: ImageTokenizer,
    text_tokenizer: TextTokenizer,
    clip: ClipEncoder,
    vocabulary: Vocabulary,
    dgae: Dgae,
    graph_diffuser: GraphDiffuser,
    graph_parameters: Parameters,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[DualModel, Parameters]:
    """Train the three diffusers together with L_dual + L_mutual; gives model and log.

    ``graph_parameters["condition"]`` says what c_I and c_Y are, for all of them.
    ``parameters["captioner"]``, if not None, puts a captioner in the place of the text diffuser;
    ``parameters["image_diffuser"]["coarse_to_fine"]`` one in two scales in that of the image one.
    """
    import copy

    from spatial_dual.diffusion import KernelConfig, LossWeights, build_kernel
    from spatial_dual.models.coarse_to_fine import CoarseToFine
    from spatial_dual.models.dual import DualModel, DualModelConfig
    from spatial_dual.models.tag_words import TagWords
    from spatial_dual.scene.tensors import GraphCodec
    from spatial_dual.seeding import seeded_torch
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.fit import fit
    from spatial_dual.training.objectives.dual import DualLoss, DualWeights
    from spatial_dual.training.sources import dual_examples

    codes = {
        "image": image_tokenizer.config.codes,
        "text": text_tokenizer.vocabulary_size,
        "graph": dgae.codes,
    }
    settings = _kernel_settings(parameters, graph_parameters)
    kernels = {n: build_kernel(KernelConfig(classes=codes[n], **settings[n])) for n in codes}
    row = {name: tokens.array(name, [0]) for name in ("image_codes", "text_codes")}
    condition = graph_parameters["condition"]
    shape, widths = dgae.config.shape, clip.condition_dims(condition)
    cells = {
        "shape": shape,
        "tokens": row["image_codes"].shape[1],
        "condition_dim": widths["text"],
    }
    image = _image_config(parameters["image_diffuser"], image_tokenizer, kernels["image"], cells)
    said = TagWords.of(GraphCodec(vocabulary, shape.slots), text_tokenizer)
    words = {
        "shape": shape,
        "codes": codes["text"],
        "tokens": row["text_codes"].shape[2],
        "condition_dim": widths["image"],
    }
    text = _text_config(parameters, said, kernels["text"], words)
    with seeded_torch(seed, "dual", "start"):
        model = DualModel(DualModelConfig(image, text, graph_diffuser.config, condition))
    model.graph = copy.deepcopy(graph_diffuser)
    if isinstance(model.image, CoarseToFine):
        model.image.codebook.copy_(image_tokenizer.codebook)
    loss = DualLoss(
        **kernels,
        weights=DualWeights(**parameters["weights"]),
        loss=LossWeights(**parameters["loss"]),
        importance_sampling=parameters["importance_sampling"],
        graph_records=parameters["graph_records"],
        clip=clip if condition == "tokens" else None,
    )
    config = FitConfig(**parameters["fit"], **train, seed=seed)
    source = dual_examples(tokens, graph_codes, aligned, priors, condition)
    log = fit("dual", model, loss, source, config, progress)
    return model, log.to_dict()


def _kernel_settings(parameters: Parameters, graph_parameters: Parameters) -> Parameters:
    return {
        "image": parameters["image_diffuser"]["kernel"],
        "text": parameters["text_diffuser"]["kernel"],
        "graph": graph_parameters["kernel"],
    }


def _image_config(
    parameters: Parameters, image_tokenizer: ImageTokenizer, kernel: Kernel, cells: Parameters
) -> TokenDiffuserConfig:
    """The image diffuser, of one scale or of two."""
    from spatial_dual.models.coarse_to_fine import CoarseToFineConfig
    from spatial_dual.models.token_diffuser import TokenDiffuserConfig

    scales: dict[str, Any] = {}
    if parameters["coarse_to_fine"]:
        scales["code_dim"] = image_tokenizer.codebook.shape[1]
    return (CoarseToFineConfig if scales else TokenDiffuserConfig)(
        codes=image_tokenizer.config.codes,
        is_grid=True,
        state_dim=kernel.state_dim,
        **cells,
        **parameters["model"],
        **scales,
    )


def _text_config(
    parameters: Parameters, said: TagWords, kernel: Kernel, words: Parameters
) -> TokenDiffuserConfig | CaptionerConfig:
    """The text diffuser, or the captioner in its place."""
    from spatial_dual.models.captioner import CaptionerConfig
    from spatial_dual.models.token_diffuser import TokenDiffuserConfig

    if parameters["captioner"]:
        return CaptionerConfig(words=said, **words, **parameters["captioner"])
    return TokenDiffuserConfig(
        is_grid=False,
        state_dim=kernel.state_dim,
        words=said if kernel.state_dim is None else None,
        **words,
        **parameters["text_diffuser"]["model"],
    )


def assemble(
    vocabulary: Vocabulary,
    size_prior: SizePrior,
    text_tokenizer: TextTokenizer,
    perceiver: StoredPerceiver,
    image_tokenizer: ImageTokenizer,
    clip: ClipEncoder,
    dgae: Dgae,
    visual_decoder: VisualDecoder,
    text_decoder: TextDecoder,
    dual: DualModel,
    graph_parameters: Parameters,
    parameters: Parameters,
    sampling: Parameters,
    fov_deg: float,
) -> SpatialDual:
    """The whole model, ready to draw and describe."""
    from spatial_dual.models.generation import SamplingOptions
    from spatial_dual.models.parts import Parts
    from spatial_dual.models.spatial_dual import SpatialDual

    parts = Parts(
        vocabulary,
        size_prior,
        text_tokenizer,
        perceiver,
        image_tokenizer,
        clip,
        dgae,
        visual_decoder,
        text_decoder,
        dual,
        _kernel_settings(parameters, graph_parameters),
        SamplingOptions(**sampling),
        fov_deg,
    )
    return SpatialDual(parts)
