"""Catalog type of the whole trained model."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from spatial_dual.datasets.folders import is_whole

if TYPE_CHECKING:
    from spatial_dual.models.spatial_dual import SpatialDual


class WholeModelDataset(AbstractDataset[Any, Any]):
    """A ``SpatialDual`` in the folder that ``SpatialDual.from_pretrained`` reads.

    ::

        spatial_dual:
          type: spatial_dual.datasets.whole_model.WholeModelDataset
          filepath: ${globals:data}/06_models/spatial_dual

    Args:
        filepath: the folder.
        parsing: of the Stanza parser that reads its texts, see ``parser_of``; the shipped models
            where left out.
        metadata: kept for Kedro plugins, unused.
    """

    def __init__(
        self,
        *,
        filepath: str,
        parsing: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ):
        self._folder = Path(filepath)
        self._parsing = parsing or {}
        self.metadata = metadata

    def load(self) -> "SpatialDual":
        """The model, ready to draw and describe."""
        from spatial_dual.models.spatial_dual import SpatialDual
        from spatial_dual.parsing.default import parser_of

        # of a run of one's own, whose parameters name the checkpoints
        parser = parser_of("stanza", self._parsing)
        return SpatialDual.from_pretrained(self._folder, parser, allow_hub=True)

    def save(self, data: "SpatialDual") -> None:
        """Replace the stored model; a failure leaves the one before."""
        data.save_pretrained(self._folder)

    def preview(self) -> JSONPreview:
        """The parts with their sizes."""
        files = (path for path in sorted(self._folder.rglob("*")) if path.is_file())
        sizes = {str(path.relative_to(self._folder)): path.stat().st_size for path in files}
        return JSONPreview(json.dumps({"bytes": sizes}))

    def _exists(self) -> bool:
        return is_whole(self._folder)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
