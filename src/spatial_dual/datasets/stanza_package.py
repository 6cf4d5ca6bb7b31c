"""Catalog type of a folder of Stanza models."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from spatial_dual.datasets.folders import verify_folder, write_folder


class StanzaPackageDataset(AbstractDataset[dict[str, bytes], Path]):
    """Saves files by their relative paths; loads the folder, checked against its manifest.

    ::

        text_parser:
          type: spatial_dual.datasets.stanza_package.StanzaPackageDataset
          filepath: ${globals:data}/06_models/text_parser
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """The folder, for ``StanzaParser``."""
        return verify_folder(self._folder)

    def save(self, data: dict[str, bytes]) -> None:
        """Replace the folder as a whole."""

        def fill(folder: Path) -> None:
            for name, content in data.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

        write_folder(self._folder, fill)

    def _exists(self) -> bool:
        try:
            verify_folder(self._folder)
        except ValueError:
            return False
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
