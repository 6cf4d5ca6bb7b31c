"""Catalog type of tables that runs add rows to."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from spatial_dual.datasets.csv_frames import frame_to_csv, read_frame
from spatial_dual.datasets.folders import write_file

if TYPE_CHECKING:
    import pandas as pd


class RunResultsDataset(AbstractDataset[Any, Any]):
    """A CSV of fixed columns; an absent file is a table without rows: nothing has run yet.

    ::

        ablation_results:
          type: spatial_dual.datasets.run_results.RunResultsDataset
          filepath: ${globals:data}/08_reporting/ablation_results.csv
          columns: [variant, seed, metric, value, n]

    Raises:
        DatasetError: on load and save, other columns than these.
    """

    def __init__(
        self, *, filepath: str, columns: Sequence[str], metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(filepath)
        self._columns = list(columns)
        self.metadata = metadata

    def load(self) -> "pd.DataFrame":
        """All rows."""
        import pandas as pd

        if not self._path.exists():
            return pd.DataFrame(columns=self._columns)
        return self._checked(read_frame(self._path))

    def save(self, data: "pd.DataFrame") -> None:
        """Replace the table atomically."""
        write_file(self._path, frame_to_csv(self._checked(data)))

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows, as Kedro-Viz shows them."""
        return TablePreview(self.load().head(nrows).to_dict(orient="split"))

    def _checked(self, data: "pd.DataFrame") -> "pd.DataFrame":
        if list(data.columns) != self._columns:
            raise DatasetError(
                f"{self._path}: columns must be {', '.join(self._columns)}, got "
                f"{', '.join(map(str, data.columns))}; correct the file, or delete it to start anew"
            )
        return data

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path), "columns": self._columns}
