"""From a source of scenes or photographs to record chunks."""

from collections.abc import Iterator
from typing import Any, Protocol


class RecordSource(Protocol):
    """What ``scene_source`` loads: rendered scenes or photographs."""

    def splits(self) -> dict[str, int]:
        """Rows of each split."""
        ...

    def chunks(self, split: str, size: int) -> Iterator[dict[str, Any]]:
        """Records of a split as columns, ``size`` rows at a time."""
        ...


def collect_scenes(
    scene_source: RecordSource, parameters: dict[str, Any], split: str
) -> Iterator[dict[str, Any]]:
    """The records of a split, as a stream that is drawn or read while it is saved.

    Args:
        scene_source: where they come from.
        parameters: ``chunk_rows``, rows that are held in memory at once.
        split: "train", "val" or "test".
    """
    return iter(scene_source.chunks(split, parameters["chunk_rows"]))
