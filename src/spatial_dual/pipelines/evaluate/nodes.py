"""Nodes of the ``evaluate`` stage: figures of samples, and all figures together.

Each gives figures by name; a string in place of a number is the reason why there is none.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from spatial_dual.metrics.compositions import by_composition
from spatial_dual.pipelines.reading import (
    is_rendered,
    new_rows,
    protocol,
    read_graphs,
    rows_of,
)
from spatial_dual.pipelines.types import (
    ClipEncoder,
    Records,
    SceneGraph,
    Stated,
    TextTokenizer,
)

Parameters = dict[str, Any]
Figures = dict[str, Any]
LEAST_VISIBILITY = 0.3
NO_GRAMMAR = "photographs have no caption grammar"


def evaluate_clip(
    samples: Records,
    scenes: Records,
    text_tokenizer: TextTokenizer,
    clip: ClipEncoder,
    compositions: Figures,
) -> Figures:
    """Similarity of captions with drawn and with gold images, by a CLIP that no model was fed with.

    100 · mean cosine with the ``drawn`` (single) and, where there are, ``system`` drawings, between
    that of ``gold`` images and of ``shuffled`` pairs: each caption and the next record's drawing.
    """
    from spatial_dual.metrics.clip_score import caption_similarity
    from spatial_dual.metrics.tokens import recall_at_1
    from spatial_dual.metrics.undefined import UndefinedMetricError, figure_or_reason

    ids = clip.caption_ids(samples.values("caption"), text_tokenizer)
    every = range(len(samples))
    pictures = {"drawn": samples.array("drawn", every)}
    if "system_drawn" in samples.columns:
        pictures["system"] = samples.array("system_drawn", every)
    pictures["gold"] = scenes.array("image", rows_of(samples, scenes))
    try:
        cosines = {n: caption_similarity(clip, ids, images) for n, images in pictures.items()}
    except UndefinedMetricError as error:
        return dict.fromkeys((*pictures, "shuffled", "gold_recall_at_1_of_100"), str(error))
    pairs = {name: np.diagonal(each) for name, each in cosines.items()}
    pairs["shuffled"] = np.diagonal(np.roll(cosines["drawn"], 1, axis=0))

    def figures(chosen: Sequence[int]) -> Figures:
        return {name: 100 * float(each[list(chosen)].mean()) for name, each in pairs.items()}

    found = by_composition(figures, len(samples), new_rows(compositions, samples))
    recall = figure_or_reason(lambda: recall_at_1(cosines["gold"]))
    return found | {"gold_recall_at_1_of_100": recall}


def find_new_compositions(scenes: Records, graphs: Records) -> Figures:
    """Which records hold a combination that training never shows: ``new``, by id.

    ``new`` is None where the records are not of rendered scenes.
    """
    from spatial_dual.metrics.compositions import new_compositions

    if not is_rendered(scenes):
        return {"new": None}
    found = new_compositions(read_graphs(graphs, "gold"))
    return {"new": dict(zip(graphs.values("id"), found, strict=True))}


def evaluate_graph_diffusion(samples: Records, graphs: Records, compositions: Figures) -> Figures:
    """What completed graphs share with the gold ones, and keep of what texts state.

    ``text`` and ``image``: triplets of the single samples' 3DSGs against the whole gold graphs,
    beside those of the ``initial`` graphs; ``baseline_depth``: of the graphs that rules make of
    perceived depth, on the same reference. ``stated_…_kept`` is true by construction: the sampler
    adds ln p(stated tag | code). ``by_place`` is what the plan's places bear out of the text.
    """
    from spatial_dual.metrics.completion import (
        GraphCounts,
        nodes_kept,
        triplet_figures,
        triplets_by_place,
        triplets_kept,
    )
    from spatial_dual.metrics.shares import total_share

    rows = rows_of(samples, graphs)
    gold = read_graphs(graphs, "gold", rows)
    told, plans = (read_graphs(samples, f"text_{kind}") for kind in ("graph", "completed"))

    def counted(found: list[SceneGraph]) -> list[GraphCounts]:
        return [GraphCounts.of(graph, true) for graph, true in zip(found, gold, strict=True)]

    counts = {
        "text": counted(plans),
        "image": counted(read_graphs(samples, "visual_completed")),
        "baseline_depth": counted(read_graphs(graphs, "depth", rows)),
    }
    initial = {"text": counted(told), "image": counted(read_graphs(samples, "visual_graph"))}
    pairs = list(zip(told, plans, strict=True))
    shares = {
        "stated_nodes_kept": [nodes_kept(*pair) for pair in pairs],
        "stated_triplets_kept": [triplets_kept(*pair) for pair in pairs],
        "by_place": [triplets_by_place(*pair) for pair in pairs],
        "by_place_gold": [triplets_by_place(*pair) for pair in zip(told, gold, strict=True)],
    }

    def figures(kind: str, chosen: Sequence[int]) -> Figures:
        result = triplet_figures([counts[kind][row] for row in chosen])
        if kind in initial:
            result["initial"] = triplet_figures([initial[kind][row] for row in chosen])
        if kind == "text":
            result |= {n: total_share(e[row] for row in chosen).value for n, e in shares.items()}
        return result

    new = new_rows(compositions, samples)
    return {kind: by_composition(partial(figures, kind), len(samples), new) for kind in counts}


def evaluate_draw(
    samples: Records,
    judged: Records,
    judged_from_gold: Records,
    graphs: Records,
    stated: Stated,
    compositions: Figures,
) -> Figures:
    """Stated objects and relations that the judge sees in ``single`` and ``system`` drawings.

    Both beside the same upper bounds. ``from_gold_graph``: objects in place in drawings of gold
    graphs, the easy half alone, beside those in the decoded gold pictures of the same records.
    """
    from spatial_dual.metrics.draw import (
        DrawingCounts,
        drawing_figures,
        objects_in_place,
        visible_wanted_objects,
    )
    from spatial_dual.metrics.shares import total_share

    asked = stated["captions"]
    gold = read_graphs(graphs, "gold", rows_of(samples, graphs))

    def counted(plans: list[SceneGraph], seen: str) -> list[DrawingCounts]:
        rows = zip(asked, plans, read_graphs(judged, seen), strict=True)
        return [DrawingCounts.of(*row) for row in rows]

    drawn = {
        "single": counted(read_graphs(samples, "text_completed"), "single"),
        "system": counted(read_graphs(samples, "system_text_completed"), "system"),
    }
    bound = counted(gold, "bound")

    def figures(name: str, chosen: Sequence[int]) -> Figures:
        return drawing_figures([drawn[name][row] for row in chosen], [bound[r] for r in chosen])

    new = new_rows(compositions, samples)
    found = {name: by_composition(partial(figures, name), len(samples), new) for name in drawn}
    own = rows_of(judged_from_gold, samples)
    wanted = [visible_wanted_objects(asked[row], gold[row]) for row in own]

    placed = {
        "objects_in_place": read_graphs(judged_from_gold, "drawn"),
        "objects_in_place_upper": read_graphs(judged, "bound", own),
    }
    shares = {name: list(map(objects_in_place, wanted, seen)) for name, seen in placed.items()}

    def in_place(chosen: Sequence[int]) -> Figures:
        return {n: total_share(each[row] for row in chosen).value for n, each in shares.items()}

    return {
        "single": {**found["single"], "chosen_from": 1},
        "system": {**found["system"], "chosen_from": max(samples.values("drawings"), default=1)},
        "from_gold_graph": by_composition(
            in_place, len(own), new_rows(compositions, judged_from_gold)
        ),
    }


def evaluate_describe(
    samples: Records, scenes: Records, graphs: Records, stated: Stated, compositions: Figures
) -> Figures:
    """Whether ``single`` and ``system`` descriptions are true of the gold graphs, and how fully.

    ``captions``: the same of a caption of the record, as people would describe the image.
    """
    from spatial_dual.metrics.describe import (
        description_counts,
        description_figures,
        grammatical,
        text_figures,
    )

    gold = read_graphs(graphs, "gold", rows_of(samples, graphs))
    texts = {
        "single": samples.values("description"),
        "system": samples.values("system_description"),
        "captions": samples.values("caption"),
    }
    graphs_of = {
        "single": stated["descriptions"],
        "system": stated["system_descriptions"],
        "captions": stated["captions"],
    }
    counts = {n: list(map(description_counts, each, gold)) for n, each in graphs_of.items()}
    rendered = is_rendered(scenes)

    def figures(name: str, chosen: Sequence[int]) -> Figures:
        told = [texts[name][row] for row in chosen]
        return {
            **description_figures([counts[name][row] for row in chosen]),
            **text_figures(told, [graphs_of[name][row] for row in chosen]),
            "grammatical": grammatical(told) if rendered else NO_GRAMMAR,
        }

    new = new_rows(compositions, samples)
    found = {name: by_composition(partial(figures, name), len(samples), new) for name in texts}
    found["single"]["chosen_from"] = 1
    found["system"]["chosen_from"] = max(samples.values("candidates"), default=1)
    return found


def collect_metrics(
    scenes: Records,
    samples: Records,
    image_card: Parameters,
    text_card: Parameters,
    detection_card: Parameters,
    split: str,
    **figures: Figures,
) -> Figures:
    """All figures under the stages' names, with what was refused and how they were taken.

    Args:
        scenes: the split.
        samples: that the figures are of.
        image_card: protocol of the figures of sets of pictures.
        text_card: protocol of the figures that compare texts.
        detection_card: protocol of the figures of a detector, empty if there is none.
        split: its name, "val" or "test".
        figures: by stage or group.
    """
    import logging

    from spatial_dual.metrics.table import as_text, separate_refused

    numbers, refused = separate_refused(figures)
    how = protocol(scenes, samples, split) | {"least_visibility": LEAST_VISIBILITY}
    how |= {"images": image_card, "texts": text_card, "detection": detection_card}
    metrics = {**numbers, "refused": refused, "protocol": how}
    logging.getLogger(__name__).info("Figures on the %s split\n%s", split, as_text(metrics))
    return metrics
