"""3DSG by depth against the gold 3DSG."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from spatial_dual.metrics.spatial import TripletCounts, visible_counts
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.lift import depth_graph
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.scene.graph import SceneGraph


def gold_depth_counts(
    record: Mapping[str, Any], prior: SizePrior, least_visibility: float
) -> TripletCounts:
    """Triplets of visible objects that gold depth and gold instances give.

    Args:
        record: of a rendered scene: depth, instances, labels, camera, graph.
        prior: sizes that complete the unseen sides of things.
        least_visibility: gold objects that are less visible are left out.
    """
    camera = Camera.from_json(record["camera"])
    graph = depth_graph(record["depth"], record["instances"], record["labels"], camera, prior)
    # instance k is object k - 1 of the gold graph, and the lifted graph holds the visible ones
    partner = [int(k) - 1 for k in np.unique(record["instances"]) if k]
    gold = SceneGraph.from_json(record["graph"])
    return visible_counts(graph, gold, partner, least_visibility)
