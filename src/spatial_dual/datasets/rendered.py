"""Catalog type for the procedural scenes that come with the project."""

from collections.abc import Mapping
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from spatial_dual.render.source import SceneSource


class RenderedScenesDataset(AbstractDataset[None, SceneSource]):
    """Catalog type of ``SceneSource``: read only; nothing is drawn before chunks are asked for.

    Args:
        counts: scenes of each split, ``{"train": ..., "val": ..., "test": ...}``.
        seed: of the data set.
        image_size: height and width of the pictures.
        short_captions, detailed_captions: captions of each style per scene.
        workers: processes; by default one for each usable processor.
        metadata: kept for Kedro plugins, unused.

    Raises:
        DatasetError: on load, arguments that ``SceneSource`` refuses.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        seed: int = 0,
        image_size: int = 128,
        short_captions: int = 2,
        detailed_captions: int = 2,
        workers: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._arguments: dict[str, Any] = {
            "counts": dict(counts),
            "seed": seed,
            "image_size": image_size,
            "short_captions": short_captions,
            "detailed_captions": detailed_captions,
            "workers": workers,
        }
        self.metadata = metadata

    def load(self) -> SceneSource:
        """The source; its ``chunks(split, size)`` draws the scenes."""
        try:
            return SceneSource(**self._arguments)
        except ValueError as error:
            raise DatasetError(str(error)) from error

    def save(self, data: None) -> None:
        """Always fails: scenes are drawn, not stored here."""
        raise DatasetError("rendered scenes are read only; store them as record shards")

    def _describe(self) -> dict[str, Any]:
        return dict(self._arguments)
