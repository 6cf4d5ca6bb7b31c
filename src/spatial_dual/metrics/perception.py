"""How well instances, their attributes and depth are perceived, against the records' truth."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

IOU_THRESHOLD = 0.5


@dataclass(frozen=True)
class Scene:
    """One image as perceived, or in truth.

    Attributes:
        depth: ``(height, width)`` metres, 0 unknown.
        instances: integer ``(height, width)``, 0 background.
        labels: label of instance k at index k - 1.
        attributes: attribute words of instance k at index k - 1; may be empty.
    """

    depth: np.ndarray
    instances: np.ndarray
    labels: Sequence[str]
    attributes: Sequence[Sequence[str]] = ()


def perception_figures(
    pairs: Iterable[tuple[Scene, Scene]], kinds: Mapping[str, Collection[str]]
) -> dict[str, float | str]:
    """Figures over images, which are consumed as a stream.

    ``instance_recall`` and ``instance_precision``: a visible true instance is found when a
    perceived one with its label overlaps it with IoU > 0.5. ``depth_abs_rel``: mean of
    |d - d*| / d* over pixels of true instances with known depth. ``<kind>_accuracy``: share of
    found instances whose word of that kind is right, of those that have one. NaN where there is
    nothing to count; the reason in the place of ``depth_abs_rel`` where a perceived depth is not
    finite.

    Args:
        pairs: (perceived, true) for each image.
        kinds: words of each attribute kind.
    """
    found = perceived_count = true_count = pixels = bad_pixels = 0
    error = 0.0
    right = dict.fromkeys(kinds, 0)
    total = dict.fromkeys(kinds, 0)
    for perceived, true in pairs:
        matches = match_instances(perceived, true)
        found += len(matches)
        perceived_count += len(perceived.labels)
        true_count += len(np.unique(true.instances[true.instances > 0]))
        known = (true.instances > 0) & (true.depth > 0) & np.isfinite(true.depth)
        depth = true.depth[known].astype(np.float64)
        seen = perceived.depth[known]
        error += float((np.abs(seen - depth) / depth).sum())
        pixels += depth.size
        bad_pixels += int((~np.isfinite(seen)).sum())
        for kind, words in kinds.items():
            for mine, theirs in matches:
                truth = _words(true, theirs) & set(words)
                total[kind] += bool(truth)
                right[kind] += bool(truth & _words(perceived, mine))
    figures = {
        "instance_recall": _ratio(found, true_count),
        "instance_precision": _ratio(found, perceived_count),
        "depth_abs_rel": (
            "perceived depth is NaN or infinite" if bad_pixels else _ratio(error, pixels)
        ),
    }
    return figures | {f"{kind}_accuracy": _ratio(right[kind], total[kind]) for kind in kinds}


def match_instances(perceived: Scene, true: Scene) -> list[tuple[int, int]]:
    """Ids (perceived, true) of instances with the same label and IoU > 0.5.

    Instances of one image do not overlap, so each takes part in at most one pair.

    Raises:
        ValueError: maps of different size.
    """
    if perceived.instances.shape != true.instances.shape:
        raise ValueError(
            f"perceived map is {perceived.instances.shape}, the true one {true.instances.shape}"
        )
    rows, columns = len(perceived.labels) + 1, len(true.labels) + 1
    pair = perceived.instances.astype(np.int64) * columns + true.instances
    overlap = np.bincount(pair.ravel(), minlength=rows * columns).reshape(rows, columns)
    union = overlap.sum(1, keepdims=True) + overlap.sum(0, keepdims=True) - overlap
    candidates = np.argwhere(overlap[1:, 1:] > IOU_THRESHOLD * union[1:, 1:]) + 1
    return [
        (int(mine), int(theirs))
        for mine, theirs in candidates
        if perceived.labels[mine - 1] == true.labels[theirs - 1]
    ]


def _words(scene: Scene, instance: int) -> set[str]:
    return set(scene.attributes[instance - 1]) if scene.attributes else set()


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
