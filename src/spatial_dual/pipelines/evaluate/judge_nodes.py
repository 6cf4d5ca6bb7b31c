"""Nodes of ``evaluate`` that train the independent judge and show it pictures.

Nothing that generates, chooses or trains takes what these nodes give.
"""

from functools import partial
from typing import Any

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.reading import read_graphs, rows_of
from spatial_dual.pipelines.types import (
    CheckpointStore,
    ImageTokenizer,
    Records,
    SizePrior,
    SpatialDual,
    StoredPerceiver,
)

Parameters = dict[str, Any]
Chunk = dict[str, Any]
CHUNK = 100


def train_judge(
    scenes: Records,
    image_tokenizer: ImageTokenizer,
    kinds: Parameters,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[StoredPerceiver, Parameters]:
    """Train a perceiver that judges drawings and does nothing else; gives model and log.

    It differs from the model's own in seed, width and augmentation, so that their errors are less
    alike. Where ``parameters`` name published checkpoints under ``hub``, these are the judge.

    Raises:
        ValueError: no record has an instance to learn from.
    """
    from spatial_dual.metrics.judge_batches import JudgeBatches
    from spatial_dual.seeding import derive_seed
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.perceivers import train_pixel_perceiver

    if parameters["hub"]:
        from spatial_dual.perception.hub.config import HubConfig
        from spatial_dual.perception.hub.perceiver import HubPerceiver

        hub = HubConfig.from_dict(parameters["hub"])
        return HubPerceiver(hub), {"rows": [], "hub": hub.to_dict()}
    share = parameters["token_share"]
    model, log = train_pixel_perceiver(
        "judge",
        scenes,
        kinds,
        parameters["model"],
        partial(JudgeBatches, image_tokenizer=image_tokenizer, token_share=share),
        FitConfig(**parameters["fit"], **train, seed=derive_seed(seed, "judge")),
        progress,
    )
    return model, log.to_dict()


def judge_pictures(
    samples: Records,
    scenes: Records,
    graphs: Records,
    model: SpatialDual,
    judge: StoredPerceiver,
    size_prior: SizePrior,
    graph_parameters: Parameters,
) -> ChunkSeries:
    """Scene graphs that the judge sees in ``single`` and ``system`` drawings, and the ``bound``.

    The bound is the gold image through the model's tokens and its decoder G_V, which reads the gold
    graph.
    """
    from spatial_dual.metrics.judge import Judge

    by = Judge(judge, size_prior, graph_parameters["perceived_fov_deg"])
    own = rows_of(samples, scenes)

    def judged(rows: range) -> Chunk:
        at = own[rows.start : rows.stop]
        gold = model.reconstruct(scenes.array("image", at), read_graphs(graphs, "gold", at))
        single, system = (samples.array(name, rows) for name in ("drawn", "system_drawn"))
        chosen = (single != system).any(axis=(1, 2, 3))  # where the choice was another drawing
        seen = by.depth_graphs(single)
        others = iter(by.depth_graphs(system[chosen]))
        columns = {
            "single": seen,
            "system": [next(others) if k else own for k, own in zip(chosen, seen, strict=True)],
            "bound": by.depth_graphs(gold),
        }
        return {"id": samples.values("id", rows)} | {
            name: [graph.to_json() for graph in each] for name, each in columns.items()
        }

    return ChunkSeries(len(samples), CHUNK, judged, "judge")


def judge_gold_drawings(
    samples_from_gold: Records,
    judge: StoredPerceiver,
    size_prior: SizePrior,
    graph_parameters: Parameters,
) -> ChunkSeries:
    """Scene graphs that the judge sees in drawings of gold graphs: ``drawn``."""
    from spatial_dual.metrics.judge import Judge

    by = Judge(judge, size_prior, graph_parameters["perceived_fov_deg"])

    def judged(rows: range) -> Chunk:
        seen = by.depth_graphs(samples_from_gold.array("drawn", rows))
        ids = samples_from_gold.values("id", rows)
        return {"id": ids, "drawn": [graph.to_json() for graph in seen]}

    return ChunkSeries(len(samples_from_gold), CHUNK, judged, "judge drawings of gold graphs")


def judge_several(
    samples: Records,
    model: SpatialDual,
    judge: StoredPerceiver,
    size_prior: SizePrior,
    graph_parameters: Parameters,
    parameters: Parameters,
    seed: int,
) -> ChunkSeries:
    """What the judge sees in several drawings of each of the first captions, none of them chosen.

    Columns ``id`` and ``drawn_1`` … ``drawn_n``, graphs. All are drawn as the samples were, each
    with noise of its own, but every drawing counts as it came.
    """
    import numpy as np

    from spatial_dual.metrics.judge import Judge

    by = Judge(judge, size_prior, graph_parameters["perceived_fov_deg"])
    how = {name: samples.values(name, [0])[0] for name in ("steps", "guidance")}
    count = parameters["visor"]["drawings"]

    def judged(rows: range) -> Chunk:
        captions = samples.values("caption", rows)
        made = model.draw_candidates(captions, **how, candidates=count, seed=seed)
        columns = zip(*(drawings.outputs for drawings in made), strict=True)
        seen = [by.depth_graphs(np.stack([d.image for d in each])) for each in columns]
        return {"id": samples.values("id", rows)} | {
            f"drawn_{n}": [graph.to_json() for graph in graphs] for n, graphs in enumerate(seen, 1)
        }

    texts = min(len(samples), parameters["visor"]["captions"])
    return ChunkSeries(texts, CHUNK, judged, "draw several and judge")
