"""Nodes of the ``generate`` stage. Torch is imported when they run."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.reading import read_graphs, rows_of
from spatial_dual.pipelines.types import Camera, Records, SceneGraph, SpatialDual

Parameters = dict[str, Any]
Chunk = dict[str, Any]


def generate_samples(
    scenes: Records, model: SpatialDual, parameters: Parameters, seed: int
) -> ChunkSeries:
    """Drawings of the captions and descriptions of the images of the first records, in chunks.

    Record k is drawn from its caption number k mod (number of captions), so that all styles take
    part. Columns: ``id``, ``caption``, ``text_graph`` (TSG) → ``text_completed`` → ``drawn``;
    ``description`` of the image, by ``visual_graph`` (VSG) → ``visual_completed``. These are single
    samples: the first of those that the model makes. ``system_text_completed``, ``system_drawn``
    and ``system_description`` are what it chooses of ``drawings`` drawings and ``candidates``
    descriptions, as users of ``draw`` and ``describe`` get them. Then ``steps``, ``guidance``,
    ``truncation`` (kept mass of p(x_0 | x_t)), ``temperature`` and ``seed``.
    """
    count = min(len(scenes), parameters["count"] or len(scenes))
    sample = partial(_sample_rows, scenes=scenes, model=model, parameters=parameters, seed=seed)
    return ChunkSeries(count, parameters["chunk_rows"], sample, "draw and describe")


def draw_gold_graphs(
    samples: Records, graphs: Records, model: SpatialDual, parameters: Parameters, seed: int
) -> ChunkSeries:
    """Drawings of the first samples' gold graphs, in chunks: the easy half of ST2I alone.

    Columns: ``id``, ``drawn``.
    """
    count = min(len(samples), parameters["from_gold_count"] or len(samples))
    gold = read_graphs(graphs, "gold", rows_of(samples, graphs)[:count])
    draw = partial(
        _gold_rows, samples=samples, gold=gold, model=model, parameters=parameters, seed=seed
    )
    return ChunkSeries(count, parameters["chunk_rows"], draw, "draw gold graphs")


def _sample_rows(
    rows: range, scenes: Records, model: SpatialDual, parameters: Parameters, seed: int
) -> Chunk:
    options = _options(model, parameters)
    captions = _captions(rows, scenes.values("captions", rows))
    count = parameters["drawings"] or model.parts.sampling.drawings
    drawn = model.draw_candidates(captions, **options, candidates=count, seed=seed)
    images = scenes.array("image", rows)
    described = model.describe_candidates(
        images,
        cameras=_cameras(scenes.values("camera", rows), model.parts.fov_deg),
        steps=options["steps"],
        seed=seed,
    )
    first, best = [each.single for each in drawn], [each.best for each in drawn]
    told = [each.single for each in described]
    return {
        "id": scenes.values("id", rows),
        "caption": captions,
        "text_graph": [drawing.initial.to_json() for drawing in first],
        "text_completed": [drawing.graph.to_json() for drawing in first],
        "drawn": np.stack([drawing.image for drawing in first]),
        "system_text_completed": [drawing.graph.to_json() for drawing in best],
        "system_drawn": np.stack([drawing.image for drawing in best]),
        "description": [item.text for item in told],
        "visual_graph": [item.initial.to_json() for item in told],
        "visual_completed": [item.graph.to_json() for item in told],
        "system_description": [each.best.text for each in described],
        "steps": [options["steps"]] * len(rows),
        "guidance": [float(options["guidance"])] * len(rows),
        "truncation": [float(model.parts.sampling.top_p)] * len(rows),
        "temperature": [float(model.parts.sampling.temperature)] * len(rows),
        "seed": [seed] * len(rows),
        "drawings": [len(each.outputs) for each in drawn],
        "candidates": [len(each.outputs) for each in described],
    }


def _gold_rows(
    rows: range,
    samples: Records,
    gold: list[SceneGraph],
    model: SpatialDual,
    parameters: Parameters,
    seed: int,
) -> Chunk:
    drawings = model.draw_graph(
        gold[rows.start : rows.stop],
        samples.values("caption", rows),
        **_options(model, parameters),
        seed=seed,
    )
    drawn = np.stack([drawing.image for drawing in drawings])
    return {"id": samples.values("id", rows), "drawn": drawn}


def _options(model: SpatialDual, parameters: Parameters) -> Parameters:
    """Steps and guidance asked for, or else those that the model was saved with."""
    own = model.parts.sampling
    return {
        "steps": parameters["steps"] or own.steps,
        "guidance": own.guidance if parameters["guidance"] is None else parameters["guidance"],
    }


def _cameras(columns: Sequence[str], fov_deg: float) -> list[Camera]:
    from spatial_dual.perception.record_graphs import perceived_camera

    return [perceived_camera({"camera": camera}, fov_deg) for camera in columns]


def _captions(rows: range, captions: Sequence[Sequence[str]]) -> list[str]:
    return [texts[row % len(texts)] for row, texts in zip(rows, captions, strict=True)]
