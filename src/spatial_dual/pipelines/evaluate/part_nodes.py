"""Nodes of ``evaluate`` about the parts that all samples pass through, on the whole split."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spatial_dual.metrics.compositions import by_composition
from spatial_dual.pipelines.reading import new_rows, read_graph, read_graphs, read_rows
from spatial_dual.pipelines.types import Dgae, ImageTokenizer, Records, SizePrior

Parameters = dict[str, Any]
Figures = dict[str, Any]
CHUNK = 100
LEAST_VISIBILITY = 0.3
NO_GOLD = "photographs have no gold scene graph"


def evaluate_image_tokenizer(
    scenes: Records, tokens: Records, image_tokenizer: ImageTokenizer, compositions: Figures
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
    each = np.concatenate(decibels)

    def figures(rows: Sequence[int]) -> Figures:
        return {"psnr_db": float(each[list(rows)].mean())}

    found = by_composition(figures, len(scenes), new_rows(compositions, scenes))
    return found | {"codes_used": codes_used(histogram), "perplexity": perplexity(histogram)}


def evaluate_perception(
    scenes: Records, perceived: Records, kinds: Parameters, compositions: Figures
) -> Figures:
    """Instances, depth and attribute words that perception gets right."""
    from spatial_dual.metrics.perception import PerceptionCounts, Scene, perception_figures

    def truth(row: Mapping[str, Any]) -> Scene:
        words = (
            [item.attributes for item in read_graph(row["graph"]).objects] if row["graph"] else []
        )
        return Scene(row["depth"], row["instances"], row["labels"], words)

    def seen(row: Mapping[str, Any]) -> Scene:
        return Scene(row["depth"], row["instances"], row["labels"], row["attributes"])

    truths = read_rows(scenes, ("depth", "instances", "labels", "graph"), "perception")
    rows = zip(read_rows(perceived), truths, strict=True)
    counts = [PerceptionCounts.of(seen(p), truth(s), kinds) for p, s in rows]

    def figures(chosen: Sequence[int]) -> Figures:
        return {**perception_figures(counts[row] for row in chosen)}

    return by_composition(figures, len(scenes), new_rows(compositions, scenes))


def evaluate_scene_graphs(
    scenes: Records, graphs: Records, size_prior: SizePrior, compositions: Figures
) -> Figures:
    """Triplets between visible objects by depth: from gold depth, and from the image alone."""
    from spatial_dual.metrics.lifting import gold_depth_counts
    from spatial_dual.metrics.spatial import TripletCounts, match_objects, total, visible_counts

    pairs = zip(read_graphs(graphs, "depth"), read_graphs(graphs, "gold"), strict=True)
    by_image = [visible_counts(s, g, match_objects(s, g), LEAST_VISIBILITY) for s, g in pairs]
    columns = ("depth", "instances", "labels", "camera", "graph")
    by_gold_depth = [
        gold_depth_counts(row, size_prior, LEAST_VISIBILITY)
        if row["depth"].any() and row["graph"]
        else TripletCounts()
        for row in read_rows(scenes, columns, "gold depth")
    ]

    def figures(rows: Sequence[int]) -> Figures:
        lifted = total(by_gold_depth[row] for row in rows)
        seen = total(by_image[row] for row in rows).figures()
        return {
            "gold_depth": {"triplet_f1": lifted.f1 if lifted.reference else NO_GOLD},
            "image": {f"triplet_{name}": value for name, value in seen.items()},
        }

    return by_composition(figures, len(scenes), new_rows(compositions, scenes))


def evaluate_dgae(aligned: Records, dgae: Dgae, compositions: Figures) -> Figures:
    """Tags of the gold graphs that come back from their codes, and the codes that they use.

    ``shuffled_relation_accuracy`` is of relations whose ends have the labels of other objects.
    """
    import torch

    from spatial_dual.metrics.reconstruction import tag_shares
    from spatial_dual.metrics.shares import Share, total_share
    from spatial_dual.metrics.tokens import code_histogram, codes_used, perplexity
    from spatial_dual.training.graph_codes import view_tags, with_shuffled_labels

    shares: list[dict[str, Share]] = []
    histogram = np.zeros(dgae.codes, np.int64)
    for chunk in aligned.chunks(CHUNK):
        tags = view_tags(chunk, "gold")
        with torch.inference_mode():
            codes = dgae.encode(tags)
            decoded = dgae.decode(codes)
            mixed = dgae.decode(with_shuffled_labels(codes, tags, dgae))
        histogram += code_histogram(codes.numpy(), dgae.codes)
        of_records = (_by_record(each, len(chunk["id"])) for each in (tags, decoded, mixed))
        for true, back, of_mixed in zip(*of_records, strict=True):
            relation = tag_shares(true, of_mixed)["relation"]
            shares.append(tag_shares(true, back) | {"shuffled_relation": relation})

    def figures(rows: Sequence[int]) -> Figures:
        kinds = shares[rows[0]]
        return {f"{k}_accuracy": total_share(shares[row][k] for row in rows).value for k in kinds}

    found = by_composition(figures, len(shares), new_rows(compositions, aligned))
    return found | {"codes_used": codes_used(histogram), "perplexity": perplexity(histogram)}


def _by_record(tags: Mapping[str, Any], records: int) -> list[dict[str, np.ndarray]]:
    """Tags (records · views, …) of each record, (views, …)."""
    parts = {name: np.split(values.numpy(), records) for name, values in tags.items()}
    return [dict(zip(parts, each, strict=True)) for each in zip(*parts.values(), strict=True)]
