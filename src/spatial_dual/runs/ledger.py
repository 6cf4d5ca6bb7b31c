"""The ledger of outputs: what each was made of, and whether it still is what would be made."""

import json
from collections.abc import Iterable
from pathlib import Path

from kedro.io import CatalogProtocol, DataCatalog
from kedro.pipeline import Pipeline

from spatial_dual.datasets.folders import write_file
from spatial_dual.runs.recipe import Recipe, Recipes, content_digest, differences


class StaleAwareCatalog(DataCatalog):
    """Kedro's catalog, in which an output that is known to be stale does not exist."""

    stale: frozenset[str] = frozenset()

    def exists(self, ds_name: str) -> bool:
        """Whether the dataset is there, whole and up to date."""
        return ds_name not in self.stale and super().exists(ds_name)


class Ledger:
    """One JSON file for each output in ``folder``, written after the output itself.

    A kill between the two leaves the entry of the former content, so the output counts as stale.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def record(self, output: str, catalog: CatalogProtocol, recipe: Recipe, run: str) -> None:
        """Write what an output was made of, and by which run."""
        content = content_digest(catalog.get(output))
        entry = {"output": output, "run": run, "content": content, "made_of": recipe}
        write_file(self._path(output), (json.dumps(entry, indent=1) + "\n").encode())

    def contents(self, outputs: Iterable[str]) -> dict[str, str]:
        """The content digest of each output that has an entry."""
        entries = {name: self._entry(name) for name in sorted(outputs)}
        return {name: entry["content"] for name, entry in entries.items() if entry is not None}

    def reasons(self, output: str, catalog: CatalogProtocol, recipe: Recipe) -> list[str]:
        """Why an output must be made again; empty if it need not."""
        if not catalog.exists(output):
            return ["missing or damaged"]
        entry = self._entry(output)
        if entry is None:
            return ["made by a run that left no record"]
        if entry["content"] != content_digest(catalog.get(output)):
            return ["its file changed after the run that made it"]
        return differences(entry["made_of"], recipe)

    def _entry(self, output: str) -> Recipe | None:
        try:
            return dict(json.loads(self._path(output).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return None

    def _path(self, output: str) -> Path:
        return self._folder / f"{output}.json"


def stale_outputs(
    pipeline: Pipeline, catalog: CatalogProtocol, recipes: Recipes, ledger: Ledger
) -> dict[str, list[str]]:
    """Kept outputs of the pipeline that are missing or stale, with the reasons.

    What depends on a stale output is stale too: its input is about to change.
    """
    stale: dict[str, list[str]] = {}
    renewed: set[str] = set()
    for node in pipeline.nodes:
        kept = [name for name in node.outputs if recipes.is_kept(name)]
        causes = sorted(renewed & set(node.inputs))
        reasons = {name: [f"input {cause} is stale" for cause in causes] for name in kept}
        if not causes:
            recipe = recipes.of(node)
            reasons = {name: ledger.reasons(name, catalog, recipe) for name in kept}
        if causes or any(reasons.values()):
            stale |= {name: lines for name, lines in reasons.items() if lines}
            renewed |= set(node.outputs)
    return stale
