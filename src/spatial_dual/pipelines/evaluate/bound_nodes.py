"""Node of ``evaluate`` that bounds likelihoods."""

from collections.abc import Sequence
from typing import Any

from spatial_dual.metrics.compositions import by_composition
from spatial_dual.pipelines.reading import is_rendered, read_graph, read_graphs
from spatial_dual.pipelines.types import Records, SpatialDual

Parameters = dict[str, Any]
Figures = dict[str, Any]


def evaluate_bounds(
    model: SpatialDual,
    val_scenes: Records,
    val_graphs: Records,
    scenes: Records,
    graphs: Records,
    parameters: Parameters,
) -> Figures:
    """Upper bounds of −ln p in nats a token, over all noise levels, of ``val`` and ``test``.

    Of the first ``bounds`` records of each split, see ``models.likelihood``; the test split is left
    alone where ``split`` is "val". Noise depends on the record's place alone: it is the same for
    all models, variants and seeds.
    """
    splits = {"val": (val_scenes, val_graphs)}
    if parameters["split"] == "test":
        splits["test"] = (scenes, graphs)
    return {name: _bounds_of(model, *pair, parameters["bounds"]) for name, pair in splits.items()}


def _bounds_of(model: SpatialDual, scenes: Records, graphs: Records, most: int) -> Figures:
    from spatial_dual.metrics.compositions import new_compositions
    from spatial_dual.models.likelihood import Example, likelihood_bounds

    rows = range(min(most, len(scenes)))
    gold = read_graphs(graphs, "gold", rows)
    seen = read_graphs(graphs, "visual", rows)
    captions, told = scenes.values("captions", rows), graphs.values("text", rows)
    chosen = [row % len(texts) for row, texts in zip(rows, captions, strict=True)]
    examples = [
        Example(image, captions[row][k], gold[row], read_graph(told[row][k]), seen[row])
        for row, k, image in zip(rows, chosen, scenes.array("image", rows), strict=True)
    ]
    bounds = likelihood_bounds(model, examples)

    def figures(of: Sequence[int]) -> Figures:
        return {name: float(each[list(of)].mean()) for name, each in bounds.items()}

    new = new_compositions(gold) if is_rendered(scenes) else None
    return by_composition(figures, len(rows), new)
