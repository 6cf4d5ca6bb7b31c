"""Kedro's own types of files, which write in place, made to replace a file as a whole."""

from copy import copy
from pathlib import Path, PurePosixPath
from typing import Any

from kedro_datasets.json import JSONDataset as KedroJSONDataset
from kedro_datasets.text import TextDataset as KedroTextDataset

from spatial_dual.datasets.folders import replace_file


class ReplacedWhole:
    """Before a type of Kedro's: it writes beside the file, which is then replaced in one rename.

    A version of a versioned file always sorts after those that are there, so that it is the one
    that is loaded even where the clock was set back.
    """

    def save(self, data: Any) -> None:
        """Replace the file; a failure leaves the one before."""
        place: Any = self

        def write(temporary: Path) -> None:
            once = copy(place)
            once._version, once._filepath = None, PurePosixPath(temporary)
            kedro: Any = super(ReplacedWhole, once)
            kedro.save.__wrapped__(once, data)

        replace_file(Path(place._get_save_path()), write)

    def resolve_save_version(self) -> str | None:
        """Version that is written; None where there are no versions."""
        kedro: Any = super()
        version: str | None = kedro.resolve_save_version()
        if version is None:
            return None
        newest = max(kedro.list_versions(full_path=False), default="")
        return f"{newest}_" if newest > version else version


class JSONDataset(ReplacedWhole, KedroJSONDataset):
    """Kedro's ``json.JSONDataset``, replaced as a whole."""


class TextDataset(ReplacedWhole, KedroTextDataset):
    """Kedro's ``text.TextDataset``, replaced as a whole."""
