"""The graphs of one record: gold, visual, and by depth.

The gold graph is the record's own where it has one. A photograph has none: its gold is what its
own depth and instances support, and perception fills in whichever of the two it lacks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spatial_dual.perception.appearance import appearance
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.lift import depth_graph
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
        """VSG of the view."""
        return visual_graph(self.instances, self.labels, self.attributes, self.scores)

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


def gold_graph(record: Row, perceived: View, prior: SizePrior) -> SceneGraph:
    """The record's graph or, for a photograph, the best that depth supports.

    Instances and depth are the record's own; where it has no instances or no depth, perceived
    ones stand in.
    """
    if record["graph"]:
        return SceneGraph.from_json(record["graph"])
    view = View.of_record(record) if record["labels"] else perceived
    known = np.any(record["depth"] > 0)
    depth = record["depth"] if known else perceived.depth
    camera = Camera.from_json(record["camera"]) if known else perceived.camera
    return replace(view, depth=depth, camera=camera).depth_graph(prior, record["place"] or None)
