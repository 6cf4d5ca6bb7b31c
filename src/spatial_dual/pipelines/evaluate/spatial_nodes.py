"""Nodes of ``evaluate`` that ask whether relations came out, there and back."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from spatial_dual.chunks import ChunkSeries
from spatial_dual.metrics.compositions import by_composition
from spatial_dual.pipelines.reading import new_rows, read_graphs, rows_of
from spatial_dual.pipelines.types import Records, SceneGraph, SpatialDual, Stated

Parameters = dict[str, Any]
Figures = dict[str, Any]
Chunk = dict[str, Any]
CHUNK = 100
LEAST_VISIBILITY = 0.3
SEEN_KINDS = ("colour", "material")
"""Attribute kinds that perception can tell in a picture."""
TOLD_KINDS = (*SEEN_KINDS, "size", "pose")
"""Attribute kinds that a text can tell."""


def describe_drawings(
    samples: Records, model: SpatialDual, parameters: Parameters, seed: int
) -> ChunkSeries:
    """Single descriptions of the first drawings: text → image → text.

    Columns ``id``, ``description``.
    """
    from spatial_dual.seeding import derive_seed

    count = min(len(samples), parameters["round_trips"])
    steps = samples.values("steps", [0])[0]
    own_seed = derive_seed(seed, "round_trip")

    def described(rows: range) -> Chunk:
        images = samples.array("drawn", rows)
        found = model.describe_candidates(images, steps=steps, seed=own_seed)
        ids = samples.values("id", rows)
        return {"id": ids, "description": [each.single.text for each in found]}

    return ChunkSeries(count, CHUNK, described, "describe drawings")


def evaluate_visor(
    judged_several: Records, stated: Stated, compositions: Figures, parameters: Parameters
) -> Figures:
    """VISOR over n drawings of a caption: presence, (un)conditional accuracy, VISOR_1 … VISOR_n."""
    from spatial_dual.metrics.visor import SpatialAccuracy, judge_drawings
    from spatial_dual.scene.truth import same_label_and_colour

    numbers = range(1, parameters["visor"]["drawings"] + 1)
    columns = [read_graphs(judged_several, f"drawn_{n}") for n in numbers]
    asked = stated["captions"][: len(judged_several)]
    verdicts = [
        judge_drawings(text, pictures, same_label_and_colour)
        for text, pictures in zip(asked, zip(*columns, strict=True), strict=True)
    ]

    def figures(rows: Sequence[int]) -> Figures:
        return SpatialAccuracy(tuple(v for row in rows for v in verdicts[row])).figures()

    new = new_rows(compositions, judged_several)
    return {"drawings": len(numbers), **by_composition(figures, len(verdicts), new)}


def evaluate_relations(
    samples: Records, judged: Records, graphs: Records, stated: Stated, compositions: Figures
) -> tuple[Figures, Figures, Figures]:
    """Parts of VISOR, TriRec and attribute agreement of both directions, three groups.

    VISOR's accuracy itself is ``draw.*.relation_accuracy``. Drawings count by the graph that the
    judge sees in them, descriptions by what they state: ``drawn`` and ``described`` are single
    samples, ``system_…`` the model's own choice, ``upper`` the judge on decoded gold images.
    """
    from spatial_dual.metrics.agreement import attribute_agreement
    from spatial_dual.metrics.shares import Share, total_share
    from spatial_dual.metrics.trirec import compare, trirec_figures
    from spatial_dual.metrics.visor import SpatialAccuracy, Verdict, judge_drawings
    from spatial_dual.scene.truth import same_label_and_colour

    gold = read_graphs(graphs, "gold", rows_of(samples, graphs))
    asked, references = stated["captions"], stated["references"]
    seen = {
        name: read_graphs(judged, column)
        for name, column in (("drawn", "single"), ("system", "system"), ("upper", "bound"))
    }
    drawn = {"drawn": seen["drawn"], "system_drawn": seen["system"], "drawn_upper": seen["upper"]}
    told = {"described": stated["descriptions"], "system_described": stated["system_descriptions"]}

    def verdicts(text: SceneGraph, picture: SceneGraph) -> list[Verdict]:
        return judge_drawings(text, [picture], same_label_and_colour)

    def shown(text: SceneGraph, picture: SceneGraph) -> Share:
        return attribute_agreement(text, picture, SEEN_KINDS)

    def true(text: SceneGraph, scene: SceneGraph) -> Share:
        return attribute_agreement(text, scene, TOLD_KINDS)

    visor = {name: list(map(verdicts, asked, each)) for name, each in seen.items()}
    trirec = {n: [compare(s, [a]) for s, a in zip(e, asked, strict=True)] for n, e in drawn.items()}
    trirec |= {name: list(map(compare, each, references)) for name, each in told.items()}
    agree = {name: list(map(shown, asked, each)) for name, each in drawn.items()}
    agree |= {name: list(map(true, each, gold)) for name, each in told.items()}

    def accuracy(chosen: Sequence[int]) -> Figures:
        return {
            name: SpatialAccuracy(tuple(v for row in chosen for v in each[row])).parts()
            for name, each in visor.items()
        }

    def recall(chosen: Sequence[int]) -> Figures:
        return {n: trirec_figures(each[row] for row in chosen) for n, each in trirec.items()}

    def agreement(chosen: Sequence[int]) -> Figures:
        return {n: total_share(each[row] for row in chosen).value for n, each in agree.items()}

    count, new = len(samples), new_rows(compositions, samples)
    return (
        by_composition(accuracy, count, new),
        by_composition(recall, count, new),
        by_composition(agreement, count, new),
    )


def evaluate_round_trips(
    described: Records,
    judged_from_gold: Records,
    judged: Records,
    graphs: Records,
    stated: Stated,
    compositions: Figures,
) -> Figures:
    """Relations that come back from text → image → text and from graph → image → graph."""
    from spatial_dual.metrics.round_trip import round_trip_figures, seen_again, told_again

    again = stated["redescribed"]
    gold = read_graphs(graphs, "gold", rows_of(judged_from_gold, graphs))
    shown = read_graphs(judged, "bound", rows_of(judged_from_gold, judged))
    drawn = read_graphs(judged_from_gold, "drawn")
    first = stated["captions"][: len(again)]

    def by_image(seen: list[SceneGraph]) -> list[Any]:
        return [seen_again(g, s, LEAST_VISIBILITY) for g, s in zip(gold, seen, strict=True)]

    answers: dict[str, tuple[Records, list[Any]]] = {
        "text": (described, [told_again(*pair) for pair in zip(first, again, strict=True)]),
        "graph": (judged_from_gold, by_image(drawn)),
        "graph_upper": (judged_from_gold, by_image(shown)),
    }

    def figures(name: str, rows: Sequence[int]) -> Figures:
        return round_trip_figures(answers[name][1][row] for row in rows)

    return {
        name: by_composition(partial(figures, name), len(each), new_rows(compositions, records))
        for name, (records, each) in answers.items()
    }


def evaluate_health(samples: Records, graphs: Records, compositions: Figures) -> Figures:
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

    def figures(rows: Sequence[int]) -> Figures:
        chosen = {n: [each[row] for row in rows] for n, each in (by_kind | {"gold": gold}).items()}
        completed = {kind: chosen[kind] for kind in kinds[2:]}
        return {
            "nodes": {name: mean_nodes(each) for name, each in chosen.items()},
            "contradictory": {kind: contradictory_share(each) for kind, each in completed.items()},
            "turned_around": {
                kind: converse_share(relation_confusion(each, chosen["gold"]))
                for kind, each in completed.items()
            },
        }

    return by_composition(figures, len(samples), new_rows(compositions, samples))


def score_samples(
    samples: Records, judged: Records, graphs: Records, stated: Stated, parameters: Parameters
) -> Any:
    """A row for each single sample and figure, for paired tests: ``id, metric, right, total``."""
    import pandas as pd

    from spatial_dual.metrics.describe import description_counts
    from spatial_dual.metrics.draw import objects_seen
    from spatial_dual.metrics.scores import COLUMNS, mean_rows, share_rows
    from spatial_dual.metrics.shares import Share
    from spatial_dual.metrics.spatial import label_counts
    from spatial_dual.metrics.spice import Spice
    from spatial_dual.metrics.statements import true_relations
    from spatial_dual.metrics.synonyms import load_synonyms
    from spatial_dual.metrics.trirec import compare
    from spatial_dual.scene.truth import same_label_and_colour

    ids = samples.values("id")
    drawn = read_graphs(judged, "single")
    gold = read_graphs(graphs, "gold", rows_of(samples, graphs))
    by_text, by_image = (read_graphs(samples, f"{k}_completed") for k in ("text", "visual"))
    asked, told, references = (stated[name] for name in ("captions", "descriptions", "references"))
    described = [description_counts(t, g)[0] for t, g in zip(told, gold, strict=True)]
    shared = {
        "describe.single": described,
        "trirec.drawn": [compare(d, [a]) for d, a in zip(drawn, asked, strict=True)],
        "trirec.described": list(map(compare, told, references)),
        "graph_diffusion.text": list(map(label_counts, by_text, gold)),
        "graph_diffusion.image": list(map(label_counts, by_image, gold)),
    }
    shares = {
        "draw.single.object_accuracy": list(map(objects_seen, asked, drawn)),
        "draw.single.relation_accuracy": [
            true_relations(a, d, same_label_and_colour) for a, d in zip(asked, drawn, strict=True)
        ],
        "describe.single.precision": [Share(c.shared, c.predicted) for c in described],
        **{f"{k}.recall": [Share(c.shared, c.reference) for c in v] for k, v in shared.items()},
    }
    rows = [row for metric, each in shares.items() for row in share_rows(metric, ids, each)]
    spice = Spice(load_synonyms(parameters["wordnet"])).score(told, references)
    rows += mean_rows("texts.spice", ids, 100 * spice)
    return pd.DataFrame(rows, columns=list(COLUMNS))
