"""From a source of scenes or photographs to record chunks."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from spatial_dual.pipelines.types import Finding, Quarantine

Chunk = Mapping[str, Any]


class RecordSource(Protocol):
    """What ``scene_source`` loads: rendered scenes, photographs or graphs."""

    def splits(self) -> dict[str, int]:
        """Rows of each split, unusable ones included."""
        ...

    def chunks(self, split: str, size: int) -> "Iterable[Chunk | Finding]":
        """Records of a split as columns, ``size`` rows at a time; between them what is left out.

        A ``ChunkSeries`` if nothing can be left out.
        """
        ...


def collect_scenes(
    scene_source: RecordSource, parameters: dict[str, Any], split: str
) -> tuple[Iterable[Chunk], Quarantine]:
    """The records of a split, as a stream that is drawn or read while it is saved.

    The quarantine fills with the stream, so it must be saved after it.

    Args:
        scene_source: where they come from.
        parameters: ``chunk_rows``, rows that are held in memory at once; ``max_bad_share``, share
            of the rows that may be unusable before the run fails.
        split: "train", "val" or "test".
    """
    from spatial_dual.datasets.quarantine import Quarantine

    rows = scene_source.splits().get(split, 0)
    quarantine = Quarantine(split, rows, parameters["max_bad_share"])
    return quarantine.kept(scene_source.chunks(split, parameters["chunk_rows"])), quarantine
