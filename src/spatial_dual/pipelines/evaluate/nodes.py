"""Nodes of the ``evaluate`` stage: figures of the parts on the whole test split, and of samples.

Each gives figures by name; a string in place of a number is the reason why there is none.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.reading import (
    protocol,
    read_graph,
    read_graphs,
    read_rows,
    rows_of,
)
from spatial_dual.pipelines.types import (
    ClipEncoder,
    Dgae,
    ImageTokenizer,
    Perceiver,
    Records,
    SizePrior,
    Stated,
    TextTokenizer,
)

Parameters = dict[str, Any]
Figures = dict[str, Any]
Chunk = dict[str, Any]
CHUNK = 100
LEAST_VISIBILITY = 0.3
NO_GOLD = "photographs have no gold scene graph"


def evaluate_image_tokenizer(
    scenes: Records, tokens: Records, image_tokenizer: ImageTokenizer
) -> Figures:
    """PSNR of the reconstructions, and the share of the codebook that the split uses."""
    from spatial_dual.metrics.judge import reconstruct
    from spatial_dual.metrics.tokens import code_histogram, codes_used, perplexity, psnr_db
    from spatial_dual.progress import batch_ranges

    size = image_tokenizer.config.codes
    histogram = np.zeros(size, np.int64)
    decibels = [np.zeros(0)]
    for rows in batch_ranges(len(scenes), CHUNK, "image tokenizer"):
        codes = tokens.array("image_codes", rows)
        histogram += code_histogram(codes, size)
        decibels.append(psnr_db(scenes.array("image", rows), reconstruct(image_tokenizer, codes)))
    return {
        "psnr_db": float(np.concatenate(decibels).mean()) if len(scenes) else float("nan"),
        "codes_used": codes_used(histogram),
        "perplexity": perplexity(histogram),
    }


def evaluate_clip(
    samples: Records,
    scenes: Records,
    text_tokenizer: TextTokenizer,
    clip: ClipEncoder,
) -> Figures:
    """Similarity of captions with drawn and with gold images, by a CLIP that no model was fed with.

    100 · mean cosine; ``shuffled`` pairs each caption with the next record's drawing.
    """
    from spatial_dual.metrics.clip_score import caption_similarity
    from spatial_dual.metrics.tokens import recall_at_1
    from spatial_dual.metrics.undefined import UndefinedMetricError, figure_or_reason

    captions = samples.values("caption")
    ids = clip.caption_ids(captions, text_tokenizer)
    try:
        drawn = caption_similarity(clip, ids, samples.array("drawn", range(len(samples))))
        gold = caption_similarity(clip, ids, scenes.array("image", rows_of(samples, scenes)))
    except UndefinedMetricError as error:
        names = ("drawn", "gold", "shuffled", "gold_recall_at_1_of_100")
        return dict.fromkeys(names, str(error))
    return {
        "drawn": 100 * float(np.diagonal(drawn).mean()),
        "gold": 100 * float(np.diagonal(gold).mean()),
        "shuffled": 100 * float(np.diagonal(np.roll(drawn, 1, axis=0)).mean()),
        "gold_recall_at_1_of_100": figure_or_reason(lambda: recall_at_1(gold)),
    }


def evaluate_perception(scenes: Records, perceived: Records, kinds: Parameters) -> Figures:
    """Instances, depth and attribute words that perception gets right."""
    from spatial_dual.metrics.perception import Scene, perception_figures

    def truth(row: Mapping[str, Any]) -> Scene:
        words = (
            [item.attributes for item in read_graph(row["graph"]).objects] if row["graph"] else []
        )
        return Scene(row["depth"], row["instances"], row["labels"], words)

    def seen(row: Mapping[str, Any]) -> Scene:
        return Scene(row["depth"], row["instances"], row["labels"], row["attributes"])

    truths = read_rows(scenes, ("depth", "instances", "labels", "graph"), "perception")
    pairs = ((seen(p), truth(s)) for p, s in zip(read_rows(perceived), truths, strict=True))
    return perception_figures(pairs, kinds)


def evaluate_scene_graphs(scenes: Records, graphs: Records, size_prior: SizePrior) -> Figures:
    """Triplets between visible objects by depth: from gold depth, and from the image alone."""
    from spatial_dual.metrics.lifting import gold_depth_counts
    from spatial_dual.metrics.spatial import match_objects, total, visible_counts

    gold = read_graphs(graphs, "gold")
    seen = read_graphs(graphs, "depth")
    by_image = total(
        visible_counts(s, g, match_objects(s, g), LEAST_VISIBILITY)
        for s, g in zip(seen, gold, strict=True)
    )
    columns = ("depth", "instances", "labels", "camera", "graph")
    known = (row for row in read_rows(scenes, columns, "gold depth") if row["depth"].any())
    rows = (row for row in known if row["graph"])
    lifted = total(gold_depth_counts(row, size_prior, LEAST_VISIBILITY) for row in rows)
    return {
        "gold_depth": {"triplet_f1": lifted.f1 if lifted.reference else NO_GOLD},
        "image": {
            "triplet_recall": by_image.recall,
            "triplet_precision": by_image.precision,
            "triplet_f1": by_image.f1,
        },
    }


def evaluate_dgae(aligned: Records, dgae: Dgae) -> Figures:
    """Tags of the gold graphs that come back from their codes, and the codes that they use.

    ``shuffled_relation_accuracy`` is of relations whose ends have the labels of other objects.
    """
    import torch

    from spatial_dual.metrics.reconstruction import tag_shares
    from spatial_dual.metrics.shares import Share
    from spatial_dual.metrics.tokens import code_histogram, codes_used, perplexity
    from spatial_dual.training.graph_codes import view_tags, with_shuffled_labels

    shares: dict[str, Share] = {}
    histogram = np.zeros(dgae.codes, np.int64)
    for chunk in aligned.chunks(CHUNK):
        tags = view_tags(chunk, "gold")
        with torch.inference_mode():
            codes = dgae.encode(tags)
            decoded = dgae.decode(codes)
            mixed = dgae.decode(with_shuffled_labels(codes, tags, dgae))
        histogram += code_histogram(codes.numpy(), dgae.codes)
        true, back, of_mixed = (_arrays(each) for each in (tags, decoded, mixed))
        found = tag_shares(true, back)
        found["shuffled_relation"] = tag_shares(true, of_mixed)["relation"]
        shares = {kind: shares.get(kind, Share()) + share for kind, share in found.items()}
    accuracies = {f"{kind}_accuracy": share.value for kind, share in shares.items()}
    return accuracies | {"codes_used": codes_used(histogram), "perplexity": perplexity(histogram)}


def _arrays(tags: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {name: values.numpy() for name, values in tags.items()}


def evaluate_graph_diffusion(samples: Records, graphs: Records) -> Figures:
    """What completed graphs keep of what the text states, and find beyond what the image shows."""
    from spatial_dual.metrics.completion import image_figures, text_figures

    gold = read_graphs(graphs, "gold", rows_of(samples, graphs))
    told, told_completed = (
        read_graphs(samples, "text_graph"),
        read_graphs(samples, "text_completed"),
    )
    seen, seen_completed = (
        read_graphs(samples, "visual_graph"),
        read_graphs(samples, "visual_completed"),
    )
    return {
        "text": text_figures(zip(told, told_completed, strict=True)),
        "image": image_figures(seen, seen_completed, gold),
    }


def judge_pictures(
    samples: Records,
    tokens: Records,
    image_tokenizer: ImageTokenizer,
    perceiver: Perceiver,
    size_prior: SizePrior,
    graph_parameters: Parameters,
) -> ChunkSeries:
    """Scene graphs that perception sees in drawings and in reconstructions of gold images."""
    from spatial_dual.metrics.judge import Judge, reconstruct

    judge = Judge(perceiver, size_prior, graph_parameters["perceived_fov_deg"])
    own_rows = rows_of(samples, tokens)

    def judged(rows: range) -> Chunk:
        codes = tokens.array("image_codes", own_rows[rows.start : rows.stop])
        drawn = judge.depth_graphs(samples.array("drawn", rows))
        gold = judge.visual_graphs(reconstruct(image_tokenizer, codes))
        return {
            "id": samples.values("id", rows),
            "drawn": [graph.to_json() for graph in drawn],
            "reconstructed": [graph.to_json() for graph in gold],
        }

    return ChunkSeries(len(samples), CHUNK, judged, "judge")


def judge_gold_drawings(
    samples_from_gold: Records,
    perceiver: Perceiver,
    size_prior: SizePrior,
    graph_parameters: Parameters,
) -> ChunkSeries:
    """Scene graphs that perception sees in drawings of gold graphs: ``drawn``, ``depth``."""
    from spatial_dual.metrics.judge import Judge

    judge = Judge(perceiver, size_prior, graph_parameters["perceived_fov_deg"])

    def judged(rows: range) -> Chunk:
        seen = judge.both_graphs(samples_from_gold.array("drawn", rows))
        return {
            "id": samples_from_gold.values("id", rows),
            "drawn": [visual.to_json() for visual, _ in seen],
            "depth": [by_depth.to_json() for _, by_depth in seen],
        }

    return ChunkSeries(len(samples_from_gold), CHUNK, judged, "judge drawings of gold graphs")


def evaluate_draw(
    samples: Records,
    judged: Records,
    judged_from_gold: Records,
    graphs: Records,
    stated: Stated,
) -> Figures:
    """Stated objects and relations that perception sees in the drawings, with upper bounds."""
    from spatial_dual.metrics.draw import drawing_figures, gold_drawing_figures

    rows = rows_of(samples, graphs)
    asked = stated["captions"]
    gold = read_graphs(graphs, "gold", rows)
    from_gold = rows_of(judged_from_gold, samples)
    figures = drawing_figures(
        stated=asked,
        plans=read_graphs(samples, "text_completed"),
        gold=gold,
        drawn=read_graphs(judged, "drawn"),
        reconstructed=read_graphs(judged, "reconstructed"),
        shown=read_graphs(graphs, "depth", rows),
    )
    easy_half = gold_drawing_figures(
        stated=[asked[row] for row in from_gold],
        gold=[gold[row] for row in from_gold],
        drawn=read_graphs(judged_from_gold, "drawn"),
    )
    return {**figures, "from_gold_graph": easy_half}


def evaluate_describe(
    samples: Records, scenes: Records, graphs: Records, stated: Stated
) -> Figures:
    """Whether descriptions are true of the gold graphs and in the grammar of the captions."""
    from spatial_dual.metrics.describe import description_figures, grammatical

    texts = samples.values("description")
    cameras = scenes.values("camera", rows_of(samples, scenes))
    rendered = all(json.loads(camera).get("source") == "rendered" for camera in cameras)
    gold = read_graphs(graphs, "gold", rows_of(samples, graphs))
    return {
        **description_figures(texts, stated["descriptions"], gold),
        "grammatical": grammatical(texts) if rendered else "photographs have no caption grammar",
    }


def collect_metrics(
    scenes: Records,
    samples: Records,
    image_card: Parameters,
    text_card: Parameters,
    detection_card: Parameters,
    **figures: Figures,
) -> Figures:
    """All figures under the stages' names, with what was refused and how they were taken.

    Args:
        scenes: the test split.
        samples: that the figures are of.
        image_card: protocol of the figures of sets of pictures.
        text_card: protocol of the figures that compare texts.
        detection_card: protocol of the figures of a detector, empty if there is none.
        figures: by stage or group.
    """
    import logging

    from spatial_dual.metrics.table import as_text, separate_refused

    numbers, refused = separate_refused(figures)
    how = protocol(scenes, samples) | {"least_visibility": LEAST_VISIBILITY}
    how |= {"images": image_card, "texts": text_card, "detection": detection_card}
    metrics = {**numbers, "refused": refused, "protocol": how}
    logging.getLogger(__name__).info("Figures on the test split\n%s", as_text(metrics))
    return metrics
