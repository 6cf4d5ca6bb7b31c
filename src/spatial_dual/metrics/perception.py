"""How well instances, their attributes and depth are perceived, against the records' truth."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from spatial_dual.metrics.shares import Share

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


@dataclass(frozen=True)
class PerceptionCounts:
    """What perception gets right in images; counts of several add up.

    Attributes:
        found: true instances that a perceived one of their label overlaps with IoU > 0.5.
        perceived: instances perceived.
        true: instances visible in truth.
        error: sum of |d - d*| / d* over ``pixels``.
        pixels: of true instances with known depth.
        bad_pixels: of these, where the perceived depth is not finite.
        words: by attribute kind, found instances whose word is right, of those that have one.
    """

    found: int = 0
    perceived: int = 0
    true: int = 0
    error: float = 0.0
    pixels: int = 0
    bad_pixels: int = 0
    words: Mapping[str, Share] = field(default_factory=dict)

    @classmethod
    def of(
        cls, perceived: Scene, true: Scene, kinds: Mapping[str, Collection[str]]
    ) -> "PerceptionCounts":
        """Counts of one image, for words of each attribute kind."""
        matches = match_instances(perceived, true)
        known = (true.instances > 0) & (true.depth > 0) & np.isfinite(true.depth)
        depth, seen = true.depth[known].astype(np.float64), perceived.depth[known]
        words = {}
        for kind, own in kinds.items():
            pairs = [(_words(true, theirs) & set(own), mine) for mine, theirs in matches]
            right = sum(bool(truth & _words(perceived, mine)) for truth, mine in pairs)
            words[kind] = Share(right, sum(bool(truth) for truth, _ in pairs))
        return cls(
            found=len(matches),
            perceived=len(perceived.labels),
            true=len(np.unique(true.instances[true.instances > 0])),
            error=float((np.abs(seen - depth) / depth).sum()),
            pixels=depth.size,
            bad_pixels=int((~np.isfinite(seen)).sum()),
            words=words,
        )

    def __add__(self, other: "PerceptionCounts") -> "PerceptionCounts":
        """Both together."""
        kinds = {**self.words, **other.words}
        return PerceptionCounts(
            self.found + other.found,
            self.perceived + other.perceived,
            self.true + other.true,
            self.error + other.error,
            self.pixels + other.pixels,
            self.bad_pixels + other.bad_pixels,
            {k: self.words.get(k, Share()) + other.words.get(k, Share()) for k in kinds},
        )


def perception_figures(counts: Iterable[PerceptionCounts]) -> dict[str, float | str]:
    """``instance_recall``, ``instance_precision``, ``depth_abs_rel``, ``<kind>_accuracy``.

    NaN where there is nothing to count; the reason in the place of ``depth_abs_rel`` where a
    perceived depth is not finite.
    """
    summed = sum(counts, PerceptionCounts())
    depth_error = _ratio(summed.error, summed.pixels)
    return {
        "instance_recall": _ratio(summed.found, summed.true),
        "instance_precision": _ratio(summed.found, summed.perceived),
        "depth_abs_rel": "perceived depth is NaN or infinite" if summed.bad_pixels else depth_error,
        **{f"{kind}_accuracy": share.value for kind, share in summed.words.items()},
    }


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
