"""Training pairs of graphs: the gold 3DSG beside each initial graph of a record, slot-aligned.

A record has 1 + C views: view 0 starts from the VSG, view 1 + c from the TSG of caption c.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spatial_dual.scene.alignment import slot_orders
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.tensors import GraphCodec, GraphTensors

STORED_TYPES = {
    "labels": np.uint16,
    "attributes": np.uint16,
    "geometry": np.uint8,
    "relations": np.uint8,
    "places": np.uint16,
}


def aligned_views(
    gold: Sequence[SceneGraph],
    visual: Sequence[SceneGraph],
    texts: Sequence[Sequence[SceneGraph]],
    codec: GraphCodec,
    captions: int,
) -> dict[str, NDArray[np.generic]]:
    """Tags ``gold_<tag>`` and ``initial_<tag>`` of every view, (records, 1 + captions, …).

    A record with fewer captions than ``captions`` repeats its own, as the text tokens do.
    """
    golds: list[SceneGraph] = []
    initials: list[SceneGraph] = []
    for graph, seen, told in zip(gold, visual, texts, strict=True):
        views = [seen, *(told[c % len(told)] for c in range(captions))]
        initials += views
        golds += [graph] * len(views)
    orders = [slot_orders(i, g, codec.slots) for i, g in zip(initials, golds, strict=True)]
    encoded_gold = codec.encode(golds, [order for _, order in orders])
    encoded_initial = codec.encode(initials, [order for order, _ in orders])
    columns = _columns("gold", encoded_gold, 1 + captions)
    return columns | _columns("initial", encoded_initial, 1 + captions)


def _columns(prefix: str, tensors: GraphTensors, views: int) -> dict[str, NDArray[np.generic]]:
    return {
        f"{prefix}_{name}": values.reshape(-1, views, *values.shape[1:]).astype(STORED_TYPES[name])
        for name, values in tensors.arrays().items()
    }
