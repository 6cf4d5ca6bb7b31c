"""Catalog type of one run's part of a table that grows with each run."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from spatial_dual.datasets.csv_frames import frame_to_csv, read_frame
from spatial_dual.datasets.folders import write_file

if TYPE_CHECKING:
    import pandas as pd


class RunRowsDataset(AbstractDataset[Any, Any]):
    """One run's rows: a CSV file of its own, then the table of all runs beside it.

    Both writes are atomic. A kill between them leaves a table that lacks the run until the next
    save of any run.

    ::

        "{variant}.seed_{seed}.results":
          type: spatial_dual.datasets.run_rows.RunRowsDataset
          filepath: data/08_reporting/ablation_results/{variant}.seed_{seed}.csv
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> "pd.DataFrame":
        """The run's rows."""
        return read_frame(self._path)

    def save(self, data: "pd.DataFrame") -> None:
        """Write the rows, then the table, which is as long as all runs' files together."""
        import pandas as pd

        folder = self._path.parent
        write_file(self._path, frame_to_csv(data))
        runs = [read_frame(path) for path in sorted(folder.glob("*.csv"))]
        write_file(folder.with_suffix(".csv"), frame_to_csv(pd.concat(runs, ignore_index=True)))

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
