"""Nodes between records of gold graphs and the ``dgae`` stage, and its figures on them."""

import math
from typing import Any

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.evaluate.part_nodes import evaluate_dgae
from spatial_dual.pipelines.reading import read_graphs
from spatial_dual.pipelines.types import Dgae, Records, Vocabulary

Chunk = dict[str, Any]
CHUNK = 512
ABSENT = "these graphs have none"


def take_gold_graphs(scenes: Records) -> ChunkSeries:
    """The gold graph of each record; nothing was seen or said, so the initial graphs are empty."""
    from spatial_dual.scene.graph import SceneGraph

    empty = SceneGraph().to_json()

    def graphs(rows: range) -> Chunk:
        return {
            "id": scenes.values("id", rows),
            "gold": scenes.values("graph", rows),
            "visual": [empty] * len(rows),
            "text": [[empty]] * len(rows),
        }

    return ChunkSeries(len(scenes), CHUNK, graphs)


def evaluate_gold_graphs(
    graphs: Records, aligned: Records, vocabulary: Vocabulary, dgae: Dgae
) -> dict[str, Any]:
    """Reconstruction of graphs that training did not see.

    ``known_labels`` is the share of their objects whose noun training had; the accuracies count
    those alone, for the others have no tag. A text in place of a figure is the reason why there
    is none.

    Raises:
        ValueError: there is no graph to reconstruct.
    """
    known = set(vocabulary.labels)
    if not len(graphs):
        raise ValueError("no graph in split 'val'; name its file in the catalog's scene_source")
    nouns = [item.label for graph in read_graphs(graphs, "gold") for item in graph.objects]
    figures = evaluate_dgae(aligned, dgae, {"new": None})
    return {
        "graphs": len(graphs),
        "objects": len(nouns),
        "known_labels": sum(noun in known for noun in nouns) / len(nouns),
        **{
            name: ABSENT if math.isnan(value) else value
            for name, value in figures.items()
            if name not in ("n", "seen", "new")  # of rendered scenes alone
        },
    }
