"""How large things of a kind are: what completes the sides of an object that nobody sees."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spatial_dual.scene.forms import form_of
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.relations import hull_half_extents

Array = NDArray[np.float64]

BIN = 0.08
"""Sizes within about 8 % of each other count as one example."""
EXAMPLES = 96
"""At most so many examples are kept per label, the most frequent ones."""
SEEN_ERROR = 0.06
"""Relative error of an extent both of whose ends are seen..."""
PART_ERROR = 0.12
"""...and by how much an extent seen in part may exceed a fitting example."""
UNKNOWN_DEPTH = 0.6
"""Depth of a thing of unknown kind as a share of the smaller of its width and height."""


class SizePrior:
    """Examples of hull sizes per label, learned from graphs with boxes.

    An object's hull depends on its kind, size class, pose and yaw; examples keep these joint, so
    that a wide visible front calls for the depth that goes with such a front.

    Args:
        examples: label -> rows (width, height, depth, count), metres.
    """

    def __init__(self, examples: Mapping[str, Array] | None = None) -> None:
        self._examples = {
            label: np.asarray(rows, dtype=np.float64).reshape(-1, 4)
            for label, rows in (examples or {}).items()
        }

    @classmethod
    def fit(cls, graphs: Iterable[SceneGraph]) -> Self:
        """Collect the hull sizes of all objects with boxes."""
        sizes: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        yaws: dict[str, list[float]] = defaultdict(list)
        for graph in graphs:
            for item in graph.objects:
                if item.box is not None:
                    sizes[item.label].append(item.box.size)
                    yaws[item.label].append(item.box.yaw)
        return cls(
            {
                label: _frequent(
                    2 * hull_half_extents(own, yaws[label], [form_of(label)] * len(own))
                )
                for label, own in sorted(sizes.items())
            }
        )

    def complete(self, label: str, seen: Array, whole: NDArray[np.bool_]) -> Array:
        """Expected full extents of an object given its visible ones.

        The mean of the label's examples weighted by exp(-½ Σ error²), where the error of an axis
        is the log ratio to the example over ``SEEN_ERROR`` if it is seen whole, and over
        ``PART_ERROR`` and one-sided otherwise.

        Args:
            label: noun.
            seen: (3,) visible width, height, depth in metres, positive.
            whole: (3,) whether both ends of the extent are seen.

        Returns:
            (3,) metres, never below ``seen`` where it is only a part.
        """
        rows = self._examples.get(label)
        if rows is None:
            guess = np.array([0.0, 0.0, UNKNOWN_DEPTH * min(seen[0], seen[1])])
        else:
            ratio = np.log(seen / rows[:, :3])
            error = np.where(whole, ratio / SEEN_ERROR, np.maximum(ratio, 0) / PART_ERROR)
            cost = (error * error).sum(1) / 2
            weight = rows[:, 3] * np.exp(cost.min() - cost)
            guess = weight @ rows[:, :3] / weight.sum()
        completed: Array = np.where(whole, seen, np.maximum(seen, guess))
        return completed

    def usual(self, label: str) -> Array | None:
        """Mean width, height, depth (3,) of the label's examples, metres; None without any."""
        rows = self._examples.get(label)
        return None if rows is None else np.average(rows[:, :3], axis=0, weights=rows[:, 3])

    def to_dict(self) -> dict[str, list[list[float]]]:
        """JSON-ready mapping; ``from_dict`` gives back an equal prior."""
        return {label: np.round(rows, 4).tolist() for label, rows in self._examples.items()}

    @classmethod
    def from_dict(cls, body: Mapping[str, Sequence[Sequence[float]]]) -> Self:
        """Inverse of ``to_dict``."""
        return cls({label: np.array(rows) for label, rows in body.items()})


def _frequent(sizes: Array) -> Array:
    """The most frequent sizes (mean of each bin) with their counts, (examples, 4)."""
    bins = np.round(np.log(sizes) / BIN).astype(np.int64)
    _, member, count = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    total = np.zeros((len(count), 3))
    np.add.at(total, member.reshape(-1), sizes)
    rows = np.column_stack([total / count[:, None], count])
    return rows[np.argsort(-count, kind="stable")[:EXAMPLES]]
