"""The classes that catalog entries name."""

from importlib import import_module
from typing import Any

from kedro.io import DatasetError


class CatalogClass:
    """A class named by a dotted path, imported when first needed.

    Args:
        place: file or folder of the entry, for messages.
        options: the entry's extra keys; only ``class`` is allowed. (`class` is what a catalog
            should say, and no name for a Python argument.)

    Raises:
        DatasetError: no ``class``, or an unknown key.
    """

    def __init__(self, place: str, options: dict[str, str]) -> None:
        self.path = options.get("class", "")
        self._place = place
        unknown = sorted(options.keys() - {"class"})
        if unknown or "." not in self.path:
            raise DatasetError(
                f"{place}: needs class, a dotted path such as package.module.Name, got "
                f"{self.path!r}; unknown keys: {unknown}"
            )

    def get(self) -> Any:
        """The class itself."""
        module, _, name = self.path.rpartition(".")
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise DatasetError(f"{self._place}: class {self.path}: {error}") from error

    def check(self, value: Any) -> None:
        """Raise DatasetError unless ``value`` is an instance."""
        if not isinstance(value, self.get()):
            raise DatasetError(
                f"{self._place}: is for {self.path}, got {type(value).__name__}; correct the "
                "class in the catalog"
            )
