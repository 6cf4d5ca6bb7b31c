"""What the whole model gives: drawings and descriptions, with the graphs on the way."""

from dataclasses import dataclass

import numpy as np

from spatial_dual.scene.graph import SceneGraph


@dataclass(frozen=True)
class Drawing:
    """An image (H, W, 3) uint8, the TSG it started from and the 3DSG it was drawn from."""

    image: np.ndarray
    initial: SceneGraph
    graph: SceneGraph


@dataclass(frozen=True)
class Description:
    """A caption, the VSG it started from and the 3DSG it was written from."""

    text: str
    initial: SceneGraph
    graph: SceneGraph
