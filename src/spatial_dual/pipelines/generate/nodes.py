"""Nodes of the ``generate`` stage. Torch is imported when they run."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from spatial_dual.pipelines.types import Records, SpatialDual

Parameters = dict[str, Any]
Chunk = dict[str, Any]


def generate_samples(
    scenes: Records, graphs: Records, model: SpatialDual, parameters: Parameters, seed: int
) -> Iterator[Chunk]:
    """Drawings of the captions and descriptions of the images of the first records, in chunks.

    Record k is drawn from its caption number k mod (number of captions), so that all styles take
    part. Columns: ``id``, ``caption``, ``text_graph`` (TSG) → ``text_completed`` → ``drawn``;
    ``drawn_from_gold``, from the gold graph; ``description`` of the image, by ``visual_graph``
    (VSG) → ``visual_completed``; and ``steps``, ``guidance``, ``seed`` that they were made with.
    """
    from spatial_dual.progress import batch_ranges

    count = min(len(scenes), parameters["count"] or len(scenes))
    ranges = batch_ranges(count, parameters["chunk_rows"], "generate")
    return (_sample_rows(rows, scenes, graphs, model, parameters, seed) for rows in ranges)


def _sample_rows(
    rows: range,
    scenes: Records,
    graphs: Records,
    model: SpatialDual,
    parameters: Parameters,
    seed: int,
) -> Chunk:
    from spatial_dual.scene.graph import SceneGraph
    from spatial_dual.seeding import derive_seed

    steps = parameters["steps"] or model.parts.sampling.steps
    guidance = parameters["guidance"] or model.parts.sampling.guidance
    own_seed = derive_seed(seed, "generate", rows.start)
    captions = _captions(rows, scenes.values("captions", rows))
    gold = [SceneGraph.from_json(text) for text in graphs.values("gold", rows)]
    drawings = model.draw(captions, steps=steps, guidance=guidance, seed=own_seed)
    easy = model.draw_graph(gold, captions, steps=steps, guidance=guidance, seed=own_seed)
    described = model.describe(scenes.array("image", rows), steps=steps, seed=own_seed)
    return {
        "id": scenes.values("id", rows),
        "caption": captions,
        "text_graph": [drawing.initial.to_json() for drawing in drawings],
        "text_completed": [drawing.graph.to_json() for drawing in drawings],
        "drawn": np.stack([drawing.image for drawing in drawings]),
        "drawn_from_gold": np.stack([drawing.image for drawing in easy]),
        "description": [item.text for item in described],
        "visual_graph": [item.initial.to_json() for item in described],
        "visual_completed": [item.graph.to_json() for item in described],
        "steps": [steps] * len(rows),
        "guidance": [float(guidance)] * len(rows),
        "seed": [seed] * len(rows),
    }


def _captions(rows: range, captions: Sequence[Sequence[str]]) -> list[str]:
    return [texts[row % len(texts)] for row, texts in zip(rows, captions, strict=True)]
