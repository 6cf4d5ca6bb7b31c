"""Catalog type of a training's progress."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

if TYPE_CHECKING:
    from spatial_dual.training.checkpoint import CheckpointStore


class ProgressDataset(AbstractDataset[Any, Any]):
    """Where a training keeps its checkpoint: an input of the node, which hands it to ``fit``.

    Named ``<model>_progress`` in the catalog, it is cleared once ``<model>`` is saved.

    Attributes:
        recipe: set before ``load``, digest of what the training is made of; a checkpoint of
            another recipe is not taken up.
    """

    recipe: str = ""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> "CheckpointStore":
        """The store, whether or not a checkpoint is in it yet."""
        from spatial_dual.training.checkpoint import CheckpointStore

        return CheckpointStore(self._folder, self.recipe)

    def save(self, data: Any) -> None:
        """Refused: ``fit`` writes the checkpoint while it trains."""
        raise DatasetError(f"{self._folder}: progress is an input of a training, never an output")

    def _exists(self) -> bool:
        return self.load().path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
