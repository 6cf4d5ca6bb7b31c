"""Nodes of ``evaluate`` that ask whether relations came out, there and back."""

from typing import Any

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.reading import read_graphs, rows_of
from spatial_dual.pipelines.types import Perceiver, Records, SizePrior, SpatialDual, Stated

Parameters = dict[str, Any]
Figures = dict[str, Any]
Chunk = dict[str, Any]
LEAST_VISIBILITY = 0.3
SEEN_KINDS = ("colour", "material")
"""Attribute kinds that perception can tell in a picture."""


def describe_drawings(
    samples: Records, model: SpatialDual, parameters: Parameters, seed: int
) -> ChunkSeries:
    """Descriptions of the first drawings: text → image → text. Columns ``id``, ``description``."""
    from spatial_dual.seeding import derive_seed

    count = min(len(samples), parameters["round_trips"])
    steps = samples.values("steps", [0])[0]

    def described(rows: range) -> Chunk:
        images = samples.array("drawn", rows)
        own_seed = derive_seed(seed, "round_trip", rows.start)
        found = model.describe(images, steps=steps, seed=own_seed)
        ids = samples.values("id", rows)
        return {"id": ids, "description": [item.text for item in found]}

    return ChunkSeries(count, 100, described, "describe drawings")


def judge_several(
    samples: Records,
    model: SpatialDual,
    perceiver: Perceiver,
    size_prior: SizePrior,
    graph_parameters: Parameters,
    parameters: Parameters,
    seed: int,
) -> ChunkSeries:
    """What perception sees in several drawings of each of the first captions, none of them chosen.

    Columns ``id`` and ``drawn_1`` … ``drawn_n``, graphs. All are drawn as the samples were, each
    with noise of its own, but every drawing counts as it came.
    """
    import numpy as np

    from spatial_dual.metrics.judge import Judge
    from spatial_dual.seeding import derive_seed

    judge = Judge(perceiver, size_prior, graph_parameters["perceived_fov_deg"])
    how = {name: samples.values(name, [0])[0] for name in ("steps", "guidance")}

    def seen(rows: range, number: int) -> list[str]:
        own_seed = derive_seed(seed, "visor", rows.start, number)
        drawings = model.draw(samples.values("caption", rows), **how, candidates=1, seed=own_seed)
        pictures = np.stack([drawing.image for drawing in drawings])
        return [graph.to_json() for graph in judge.depth_graphs(pictures)]

    def judged(rows: range) -> Chunk:
        numbers = range(1, parameters["visor"]["drawings"] + 1)
        return {"id": samples.values("id", rows)} | {f"drawn_{n}": seen(rows, n) for n in numbers}

    count = min(len(samples), parameters["visor"]["captions"])
    return ChunkSeries(count, 100, judged, "draw several and judge")


def evaluate_visor(judged_several: Records, stated: Stated, parameters: Parameters) -> Figures:
    """VISOR over n drawings of a caption: presence, (un)conditional accuracy, VISOR_1 … VISOR_n."""
    from spatial_dual.metrics.visor import SpatialAccuracy, judge_drawings
    from spatial_dual.scene.truth import same_label_and_colour

    numbers = range(1, parameters["visor"]["drawings"] + 1)
    columns = [read_graphs(judged_several, f"drawn_{n}") for n in numbers]
    asked = stated["captions"][: len(judged_several)]
    verdicts = (
        verdict
        for text, pictures in zip(asked, zip(*columns, strict=True), strict=True)
        for verdict in judge_drawings(text, pictures, same_label_and_colour)
    )
    figures = SpatialAccuracy(tuple(verdicts)).figures()
    return {"captions": len(judged_several), "drawings": len(numbers), **figures}


def evaluate_relations(
    samples: Records, judged: Records, graphs: Records, stated: Stated
) -> tuple[Figures, Figures, Figures]:
    """VISOR-type accuracy, TriRec and attribute agreement of both directions, three groups.

    Drawings are judged by the graph that perception and depth see in them, descriptions by what
    they state; ``upper`` is the same judge on gold images. ``completed_text`` and
    ``completed_image`` are TriRec of the generated 3DSGs against the whole gold ones (Table 4).
    """
    from spatial_dual.metrics.agreement import attribute_agreement
    from spatial_dual.metrics.completion import image_figures
    from spatial_dual.metrics.shares import Share
    from spatial_dual.metrics.trirec import compare, trirec_figures
    from spatial_dual.metrics.visor import SpatialAccuracy, judge_drawings
    from spatial_dual.scene.truth import same_label_and_colour

    rows = rows_of(samples, graphs)
    gold, shown = read_graphs(graphs, "gold", rows), read_graphs(graphs, "depth", rows)
    drawn = read_graphs(judged, "drawn")
    asked, told = stated["captions"], stated["descriptions"]

    def visor(seen: Any) -> Figures:
        verdicts = (
            verdict
            for text, picture in zip(asked, seen, strict=True)
            for verdict in judge_drawings(text, [picture], same_label_and_colour)
        )
        return SpatialAccuracy(tuple(verdicts)).figures()

    def agreement(texts: Any, seen: Any, kinds: tuple[str, ...]) -> float:
        pairs = zip(texts, seen, strict=True)
        return sum((attribute_agreement(t, s, kinds) for t, s in pairs), Share()).value

    def trirec(predicted: Any, reference: Any) -> Figures:
        return trirec_figures(compare(p, r) for p, r in zip(predicted, reference, strict=True))

    def completed(kind: str) -> Figures:
        initial, full = (read_graphs(samples, f"{kind}_{name}") for name in ("graph", "completed"))
        found = image_figures(initial, full, gold)
        return {"recall": found["triplet_recall"], "initial": found["initial_triplet_recall"]}

    return (
        {"drawn": visor(drawn), "upper": visor(shown)},
        {
            "drawn": trirec(drawn, [[text] for text in asked]),
            "described": trirec(told, stated["references"]),
            "completed_text": completed("text"),
            "completed_image": completed("visual"),
        },
        {
            "drawn": agreement(asked, drawn, SEEN_KINDS),
            "drawn_upper": agreement(asked, shown, SEEN_KINDS),
            "described": agreement(told, gold, (*SEEN_KINDS, "size", "pose")),
        },
    )


def evaluate_round_trips(judged_from_gold: Records, graphs: Records, stated: Stated) -> Figures:
    """Relations that come back from text → image → text and from graph → image → graph."""
    from spatial_dual.metrics.round_trip import round_trip_figures, seen_again, told_again

    again = stated["redescribed"]
    rows = rows_of(judged_from_gold, graphs)
    gold, shown = read_graphs(graphs, "gold", rows), read_graphs(graphs, "depth", rows)
    drawn = read_graphs(judged_from_gold, "depth")
    first = stated["captions"][: len(again)]

    def by_image(seen: Any) -> Figures:
        pairs = zip(gold, seen, strict=True)
        return round_trip_figures(seen_again(g, s, LEAST_VISIBILITY) for g, s in pairs)

    return {
        "text": round_trip_figures(told_again(*pair) for pair in zip(first, again, strict=True)),
        "graph": by_image(drawn),
        "graph_upper": by_image(shown),
    }


def evaluate_health(samples: Records, graphs: Records) -> Figures:
    """Nodes of each kind of graph, contradictions, and relations that are turned around."""
    from spatial_dual.metrics.health import (
        contradictory_share,
        converse_share,
        mean_nodes,
        relation_confusion,
    )

    gold = read_graphs(graphs, "gold", rows_of(samples, graphs))
    kinds = ("text_graph", "visual_graph", "text_completed", "visual_completed")
    by_kind = {kind: read_graphs(samples, kind) for kind in kinds}
    completed = {kind: by_kind[kind] for kind in kinds[2:]}
    return {
        "nodes": {kind: mean_nodes(each) for kind, each in (by_kind | {"gold": gold}).items()},
        "contradictory": {kind: contradictory_share(each) for kind, each in completed.items()},
        "turned_around": {
            kind: converse_share(relation_confusion(each, gold)) for kind, each in completed.items()
        },
    }


def score_samples(
    samples: Records, judged: Records, graphs: Records, stated: Stated, parameters: Parameters
) -> Any:
    """A row for each sample and figure, for paired tests: ``id, metric, right, total``."""
    import pandas as pd

    from spatial_dual.metrics.scores import COLUMNS, mean_rows, share_rows
    from spatial_dual.metrics.shares import Share
    from spatial_dual.metrics.spatial import label_counts
    from spatial_dual.metrics.spice import Spice
    from spatial_dual.metrics.statements import true_relations
    from spatial_dual.metrics.synonyms import load_synonyms
    from spatial_dual.metrics.trirec import compare
    from spatial_dual.scene.truth import same_label, same_label_and_colour

    ids = samples.values("id")
    drawn = read_graphs(judged, "drawn")
    gold = read_graphs(graphs, "gold", rows_of(samples, graphs))
    by_text, by_image = (read_graphs(samples, f"{k}_completed") for k in ("text", "visual"))
    asked, told, references = (stated[name] for name in ("captions", "descriptions", "references"))
    spice = Spice(load_synonyms(parameters["wordnet"])).score(told, references)
    true = {
        "visor.drawn.unconditional": (
            true_relations(a, d, same_label_and_colour) for a, d in zip(asked, drawn, strict=True)
        ),
        "describe.triplet_precision": (
            true_relations(t, g, same_label) for t, g in zip(told, gold, strict=True)
        ),
    }
    shared = {
        "trirec.drawn": (compare(d, [a]) for d, a in zip(drawn, asked, strict=True)),
        "trirec.described": (compare(t, r) for t, r in zip(told, references, strict=True)),
        "trirec.completed_text": map(label_counts, by_text, gold),
        "trirec.completed_image": map(label_counts, by_image, gold),
    }
    true |= {f"{k}.recall": (Share(c.shared, c.reference) for c in v) for k, v in shared.items()}
    rows = [row for metric, shares in true.items() for row in share_rows(metric, ids, shares)]
    rows += mean_rows("texts.spice", ids, 100 * spice)
    return pd.DataFrame(rows, columns=list(COLUMNS))
