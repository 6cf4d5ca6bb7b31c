"""Kedro's CSV type, written as a whole; apart from other types, for it imports pandas."""

from pathlib import Path
from typing import TYPE_CHECKING

from kedro_datasets.pandas import CSVDataset as KedroCSVDataset

from spatial_dual.datasets.csv_frames import frame_to_csv, read_frame
from spatial_dual.datasets.folders import write_file

if TYPE_CHECKING:
    import pandas as pd


class CSVDataset(KedroCSVDataset):
    """Kedro's ``pandas.CSVDataset``, replaced as a whole; texts are those of ``csv_frames``."""

    def load(self) -> "pd.DataFrame":
        """The table."""
        return read_frame(str(self._get_load_path()))

    def save(self, data: "pd.DataFrame") -> None:
        """Replace the file; a failure leaves the one before."""
        write_file(Path(self._get_save_path()), frame_to_csv(data))
