"""Nodes of the ``dgae`` stage: paper step 1. Torch is imported when they run."""

from collections.abc import Callable
from typing import Any

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.types import CheckpointStore, Dgae, Records, SceneGraph, Vocabulary

Parameters = dict[str, Any]
Chunk = dict[str, Any]
CHUNK = 512


def align_graphs(
    graphs: Records, vocabulary: Vocabulary, parameters: Parameters, text: Parameters
) -> ChunkSeries:
    """Tags of gold and initial graphs in aligned slots, for every view of every record."""
    return _align(graphs, vocabulary, parameters, text, lambda record, gold: gold)


def align_noisy_graphs(
    graphs: Records, vocabulary: Vocabulary, parameters: Parameters, text: Parameters, seed: int
) -> ChunkSeries:
    """``align_graphs`` of the training split, its gold graphs wrong at the rate ``gold_noise``."""
    import numpy as np

    from spatial_dual.scene.corruption import corrupt_graph
    from spatial_dual.seeding import derive_seed

    rate = parameters["gold_noise"]

    def annotate(record: str, gold: SceneGraph) -> SceneGraph:
        generator = np.random.default_rng(derive_seed(seed, "gold_noise", record))
        return corrupt_graph(gold, rate, vocabulary, generator)

    return _align(graphs, vocabulary, parameters, text, annotate if rate else lambda _, gold: gold)


def _align(
    graphs: Records,
    vocabulary: Vocabulary,
    parameters: Parameters,
    text: Parameters,
    annotate: Callable[[str, SceneGraph], SceneGraph],
) -> ChunkSeries:
    from spatial_dual.scene.graph import SceneGraph
    from spatial_dual.scene.tensors import GraphCodec
    from spatial_dual.scene.views import aligned_views

    codec = GraphCodec(vocabulary, parameters["slots"])
    read = SceneGraph.from_json

    def aligned(rows: range) -> Chunk:
        ids = graphs.values("id", rows)
        gold = zip(ids, graphs.values("gold", rows), strict=True)
        views = aligned_views(
            [annotate(record, read(line)) for record, line in gold],
            [read(line) for line in graphs.values("visual", rows)],
            [[read(line) for line in lines] for lines in graphs.values("text", rows)],
            codec,
            text["captions_per_record"],
        )
        return {"id": ids, **views}

    return ChunkSeries(len(graphs), CHUNK, aligned, "align graphs")


def train_dgae(
    aligned: Records,
    vocabulary: Vocabulary,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[Dgae, Parameters]:
    """Train the discrete graph auto-encoder on gold 3DSGs; gives model and log."""
    from spatial_dual.models.dgae import Dgae
    from spatial_dual.models.graph_nodes import TAG_NAMES, NodeShape
    from spatial_dual.scene.tensors import GraphCodec
    from spatial_dual.seeding import seeded_torch
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.fit import fit
    from spatial_dual.training.graph_codes import count_evidence
    from spatial_dual.training.objectives.dgae import dgae_loss
    from spatial_dual.training.record_source import RecordSource, prefixed

    shape = NodeShape.of(GraphCodec(vocabulary, parameters["slots"]))
    with seeded_torch(seed, "dgae", "start"):
        model = Dgae(Dgae.Config(shape, **parameters["model"]))
    gold = prefixed(aligned, "gold", TAG_NAMES, "gold")
    source = RecordSource(captions=1, image_view=gold)
    config = FitConfig(**parameters["fit"], **train, seed=seed)
    log = fit("dgae", model, dgae_loss, source, config, progress)
    count_evidence(model, aligned)
    return model, log.to_dict()


def encode_graphs(aligned: Records, dgae: Dgae) -> ChunkSeries:
    """Codes of gold and initial graphs, and which nodes the initial ones state."""
    from spatial_dual.training.graph_codes import encode_views

    def encoded(rows: range) -> Chunk:
        return encode_views(dgae, aligned.chunk(rows))

    return ChunkSeries(len(aligned), CHUNK, encoded, "encode graphs")
