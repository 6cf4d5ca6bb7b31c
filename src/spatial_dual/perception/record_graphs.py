"""The graphs of one record: gold, visual, and by depth.

The gold graph is the record's own where it has one. A photograph has none: its gold is what its
own depth and instances support, and perception fills in whichever of the two it lacks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spatial_dual.perception.appearance import appearance
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.lift import Lifted, depth_graph, lift
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.perception.visual_graph import visual_graph
from spatial_dual.scene.graph import SceneGraph

Row = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """Depth and instances of one picture, wherever they come from.

    Attributes:
        depth: (height, width) metres, 0 = unknown.
        instances: (height, width), 0 = background, k = pixels of ``labels[k - 1]``.
        labels: noun of each instance.
        attributes: words of each instance.
        scores: confidence of each instance, None if it was not detected but given.
        camera: that took the picture.
    """

    depth: NDArray[np.floating]
    instances: NDArray[np.uint8]
    labels: Sequence[str]
    attributes: Sequence[Sequence[str]]
    scores: Sequence[float] | None
    camera: Camera

    @classmethod
    def of_record(cls, record: Row) -> Self:
        """The record's own depth and instances; attributes as the pixels show them."""
        return cls(
            depth=record["depth"],
            instances=record["instances"],
            labels=record["labels"],
            attributes=appearance(record["image"], record["instances"], len(record["labels"])),
            scores=None,
            camera=Camera.from_json(record["camera"]),
        )

    @classmethod
    def of_perception(cls, record: Row, perceived: Row, camera: Camera) -> Self:
        """What perception saw; where it has no attribute word, what the pixels show."""
        words = perceived["attributes"]
        if not any(words):
            words = appearance(record["image"], perceived["instances"], len(perceived["labels"]))
        return cls(
            depth=perceived["depth"],
            instances=perceived["instances"],
            labels=perceived["labels"],
            attributes=words,
            scores=perceived["scores"],
            camera=camera,
        )

    def visual_graph(self) -> SceneGraph:
        """VSG of the view; each object also knows how far away its pixels are."""
        graph = visual_graph(self.instances, self.labels, self.attributes, self.scores)
        distances = visible_distances(self.depth, self.instances, len(self.labels))
        objects = [
            item.model_copy(update={"distance": distance})
            for item, distance in zip(graph.objects, distances, strict=True)
        ]
        return graph.model_copy(update={"objects": tuple(objects)})

    def lift(self, prior: SizePrior) -> Lifted:
        """Points, gravity and boxes that the depth supports."""
        return lift(self.depth, self.instances, self.labels, self.camera, prior)

    def depth_graph(self, prior: SizePrior, place: str | None = None) -> SceneGraph:
        """3D graph that the depth supports."""
        return depth_graph(
            self.depth,
            self.instances,
            self.labels,
            self.camera,
            prior,
            self.attributes,
            self.scores,
            place,
        )


def visible_distances(
    depth: NDArray[np.floating], instances: NDArray[np.uint8], count: int
) -> list[float | None]:
    """Median depth in metres of each instance that has pixels; None where none is valid."""
    order = np.argsort(instances, axis=None, kind="stable")
    bounds = np.searchsorted(instances.ravel()[order], np.arange(1, count + 2))
    sorted_depth = depth.ravel()[order].astype(np.float32)
    distances: list[float | None] = []
    for start, end in pairwise(bounds):
        pixels = sorted_depth[start:end]
        valid = pixels[pixels > 0]
        if len(pixels):
            distances.append(float(np.median(valid)) if len(valid) else None)
    return distances


def gold_graph(record: Row, perceived: View, prior: SizePrior) -> SceneGraph:
    """The record's graph or, for a photograph, the best that depth supports."""
    if record["graph"]:
        return SceneGraph.from_json(record["graph"])
    return best_view(record, perceived).depth_graph(prior, record["place"] or None)


def perceived_camera(record: Row, assumed_fov_deg: float) -> Camera:
    """Camera of a record for perception: what the photograph says of it, or the assumed one.

    Of a rendered picture perception sees the pixels alone.
    """
    camera = Camera.from_json(record["camera"])
    return camera if camera.source in ("exif", "given") else Camera(assumed_fov_deg)


def best_view(record: Row, perceived: View) -> View:
    """The record's own depth and instances; what it has none of, perception stands in for."""
    view = View.of_record(record) if record["labels"] else perceived
    known = np.any(record["depth"] > 0)
    depth = record["depth"] if known else perceived.depth
    camera = Camera.from_json(record["camera"]) if known else perceived.camera
    return replace(view, depth=depth, camera=camera)
