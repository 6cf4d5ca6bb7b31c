"""Kedro's CSV type, made to replace a file as a whole; apart from others, for it imports pandas."""

from kedro_datasets.pandas import CSVDataset as KedroCSVDataset

from spatial_dual.datasets.kedro_files import ReplacedWhole


class CSVDataset(ReplacedWhole, KedroCSVDataset):
    """Kedro's ``pandas.CSVDataset``, replaced as a whole."""
