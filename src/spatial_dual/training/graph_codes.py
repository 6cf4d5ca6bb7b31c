"""Aligned views of graphs as DGAE codes, computed once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spatial_dual.datasets.records import Records
from spatial_dual.devices import mixed_precision
from spatial_dual.models.dgae import Dgae
from spatial_dual.models.graph_nodes import TAG_NAMES, Tags, open_nodes, presence, take_tags
from spatial_dual.training.record_source import to_tensor

CHUNK = 512
ENCODED_AT_ONCE = 128
"""Graphs; larger batches leave the cache and take three times as long."""


def view_tags(chunk: Mapping[str, Any], prefix: str) -> dict[str, Tensor]:
    """Tags of all views of a chunk as one batch, (records · views, …)."""
    flat = {}
    for name in (f"{prefix}_{tag}" for tag in TAG_NAMES):
        values = np.asarray(chunk[name])
        flat[name] = to_tensor(values.reshape(-1, *values.shape[2:]))
    return take_tags(flat, prefix)


@torch.inference_mode()
def encode_views(dgae: Dgae, chunk: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of all views of a chunk of graphs, (n, views, nodes).

    ``gold_codes`` and ``initial_codes`` uint16; ``stated`` uint8, which nodes the initial graph
    states; ``present`` uint8, which nodes of the gold graph there are to learn.
    """
    views = np.asarray(chunk["gold_labels"]).shape[1]
    columns: dict[str, Any] = {"id": chunk["id"]}
    for prefix in ("gold", "initial"):
        codes = _encode(dgae, view_tags(chunk, prefix))
        columns[f"{prefix}_codes"] = codes.unflatten(0, (-1, views)).numpy().astype(np.uint16)
    shape = dgae.config.shape
    for name, nodes in (
        ("stated", presence(view_tags(chunk, "initial"), shape)),
        ("present", open_nodes(view_tags(chunk, "gold"), shape)),
    ):
        columns[name] = nodes.unflatten(0, (-1, views)).numpy().astype(np.uint8)
    return columns


@torch.inference_mode()
def count_evidence(dgae: Dgae, aligned: Records) -> None:
    """Fill ``dgae.evidence`` with one view of each record's gold graph, all views in turn.

    The views of a record are one graph under different numbers of its slots.
    """
    columns = [f"gold_{name}" for name in TAG_NAMES]
    for start in range(0, len(aligned), CHUNK):
        rows = range(start, min(start + CHUNK, len(aligned)))
        chunk = aligned.chunk(rows, columns)
        tags = view_tags(
            {name: _views_in_turn(values, rows) for name, values in chunk.items()}, "gold"
        )
        dgae.evidence.count(_encode(dgae, tags), tags)


def with_shuffled_labels(codes: Tensor, tags: Tags, dgae: Dgae) -> Tensor:
    """Codes (batch, nodes) in which objects have the label codes of others, drawn at random.

    How much worse relations are decoded from these says what the decoder hears of neighbours.
    """
    objects, *others = dgae.config.shape.split(codes)
    there = tags["labels"] > 0
    mixed = objects.clone()
    order = torch.randperm(int(there.sum()), generator=torch.Generator().manual_seed(0))
    mixed[there] = objects[there][order.to(codes.device)]
    return dgae.config.shape.join(mixed, *others)


def _encode(dgae: Dgae, tags: Tags) -> Tensor:
    parts = {name: values.split(ENCODED_AT_ONCE) for name, values in tags.items()}
    with mixed_precision(torch.device("cpu")):
        rows = zip(*parts.values(), strict=True)
        return torch.cat([dgae.encode(dict(zip(parts, row, strict=True))) for row in rows])


def _views_in_turn(values: Any, rows: range) -> np.ndarray:
    """Of (n, views, …) the view number row mod views of each row, (n, 1, …)."""
    views: np.ndarray = np.asarray(values)
    return views[np.arange(len(rows)), np.asarray(rows) % views.shape[1]][:, None]
