"""DGAE: how many tags come back from their codes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial_dual.metrics.shares import Share

Tags = Mapping[str, NDArray[Any]]


def tag_shares(true: Tags, decoded: Tags) -> dict[str, Share]:
    """Right tags by kind, where there is something to get right.

    ``label``: object nodes. ``attribute``: of those with the attribute. ``relation``: pairs of
    objects all of whose directed predicates are right, pairs without a relation included;
    ``stated_relation``: of those with one.

    Args:
        true: arrays of ``scene.tensors.GraphTensors`` (labels, attributes, relations).
        decoded: the same from the codes.
    """
    there = true["labels"] > 0
    first, second = np.triu_indices(there.shape[1], k=1)
    pairs = there[:, first] & there[:, second]
    same_bits = (true["relations"].astype(bool) == decoded["relations"].astype(bool)).all(-1)
    stated = (true["attributes"] > 0) & there[..., None]
    return {
        "label": _share(true["labels"] == decoded["labels"], there),
        "attribute": _share(true["attributes"] == decoded["attributes"], stated),
        "relation": _share(same_bits, pairs),
        "stated_relation": _share(same_bits, pairs & true["relations"].any(-1)),
    }


def _share(right: NDArray[np.bool_], counted: NDArray[np.bool_]) -> Share:
    return Share(int((right & counted).sum()), int(counted.sum()))
