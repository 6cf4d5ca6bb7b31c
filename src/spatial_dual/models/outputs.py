"""What the whole model gives: drawings and descriptions, with the graphs on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from spatial_dual.scene.graph import SceneGraph

T = TypeVar("T")


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


@dataclass(frozen=True)
class Candidates(Generic[T]):
    """All outputs made of one source, and which of them the model chooses.

    Attributes:
        outputs: in the order of their noise; at least one.
        chosen: index of the one that the model's own parts choose.
    """

    outputs: Sequence[T]
    chosen: int = 0

    @property
    def single(self) -> T:
        """The first output: one sample, nothing chosen among finished outputs."""
        return self.outputs[0]

    @property
    def best(self) -> T:
        """The chosen output: what a user gets."""
        return self.outputs[self.chosen]
