"""What each output is made of, what that was when it was made, and so whether it is up to date."""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from platform import python_version
from typing import Any

from kedro.io import AbstractVersionedDataset, CatalogProtocol, DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from spatial_dual.datasets.folders import MANIFEST, file_digest, read_object, write_file
from spatial_dual.datasets.progress import ProgressDataset
from spatial_dual.metrics.table import flatten
from spatial_dual.runs.code import CodeReader

Recipe = dict[str, Any]
logger = logging.getLogger(__name__)


class StaleAwareCatalog(DataCatalog):
    """Kedro's catalog, in which an output that is known to be stale does not exist."""

    stale: frozenset[str] = frozenset()

    def exists(self, ds_name: str) -> bool:
        """Whether the dataset is there, whole and up to date."""
        return ds_name not in self.stale and super().exists(ds_name)


class Fingerprints:
    """One JSON file for each output in ``folder``, written after the output itself.

    A kill between the two leaves the entry of the former content, so the output counts as stale.

    Args:
        folder: of the entries.
        pipeline: of all nodes, to know what makes the inputs that are not kept.
        catalog: what the run reads and writes.
        package: whose code counts.
    """

    def __init__(
        self, folder: Path, pipeline: Pipeline, catalog: CatalogProtocol, package: str
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._code = CodeReader(package, folder.parent / "code_digests")
        self.maker = {output: node for node in pipeline.nodes for output in node.outputs}

    def recipe(self, node: Node, contents: Mapping[str, str] | None = None) -> Recipe:
        """What all outputs of a node are made of; a training's own progress is no ingredient.

        ``contents`` are digests of inputs that count instead of those of their files.
        """
        bound = dict(enumerate(getattr(node.func, "args", ()))) | getattr(node.func, "keywords", {})
        code = self._code.reached_by(node.func) | {"python": python_version()}
        inputs: Recipe = {}
        parameters: Recipe = {}
        for name in node.inputs:
            if name == "parameters" or name.startswith("params:"):
                parameters[name] = plain(self._catalog.load(name))
            elif not self.is_kept(name):
                maker = self.maker.get(name)
                made = self.recipe(maker, contents) if maker else plain(self._catalog.load(name))
                inputs[name] = digest(made)
            elif not isinstance(dataset := self._catalog.get(name), ProgressDataset):
                known = (contents or {}).get(name) or _content(dataset)
                inputs[name] = known if name in self.maker else _raw_state(dataset)
                # the code that loads it, and that of the class it gives
                held = getattr(dataset, "_class", None)
                classes = [held.path.rpartition(".")[0]] if held else []
                code |= self._code.follow([type(dataset).__module__, *classes])
        return {"argument": plain(bound), "input": inputs, "parameter": parameters, "code": code}

    def is_kept(self, name: str) -> bool:
        """Whether a dataset outlives the run."""
        return name in self._catalog and not getattr(self._catalog.get(name), "_EPHEMERAL", False)

    def record(self, output: str, recipe: Recipe, run: str, repeats: bool) -> str:
        """Write what an output was made of, and by which run; gives the digest of its content.

        Warns where the same recipe gave another content before, if it should give the same
        (``repeats``).
        """
        content, before = _content(self._catalog.get(output)), self._entry(output)
        if repeats and before.get("made_of") == recipe and before["content"] != content:
            logger.warning("%s: of the same recipe, yet not the same as before", output)
        entry = {"output": output, "run": run, "content": content, "made_of": recipe}
        write_file(self._path(output), (json.dumps(entry, indent=1) + "\n").encode())
        return content

    def stale(self, pipeline: Pipeline) -> dict[str, list[str]]:
        """Kept outputs of the pipeline that are missing or stale, with the reasons.

        What depends on them is stale too, unless they are only damaged: of the same recipe they
        will come out as they were.
        """
        stale: dict[str, list[str]] = {}
        contents: dict[str, str] = {}
        renewed: set[str] = set()
        for node in pipeline.nodes:
            kept = [name for name in node.outputs if self.is_kept(name)]
            if causes := sorted(renewed & set(node.inputs)):
                stale |= {name: [f"input {cause} is stale" for cause in causes] for name in kept}
                renewed |= set(node.outputs)
                continue
            recipe = self.recipe(node, contents)
            for name in kept:
                if reasons := self._reasons(name, recipe):
                    stale[name] = reasons
                if (entry := self._entry(name)).get("made_of") != recipe:
                    renewed |= set(node.outputs)
                else:
                    contents[name] = entry["content"]
        self._code.remember()
        return stale

    def _reasons(self, output: str, recipe: Recipe) -> list[str]:
        if not self._catalog.exists(output):
            return ["missing or damaged"]
        entry = self._entry(output)
        if not entry:
            return ["made by a run that left no record"]
        if entry["content"] != _content(self._catalog.get(output)):
            return ["its file changed after the run that made it"]
        return differences(entry["made_of"], recipe)

    def _entry(self, output: str) -> Recipe:
        """What was recorded; empty if nothing was that can be read, as by another version."""
        entry = read_object(self._path(output))
        made_of: Any = entry.get("made_of")
        known = isinstance(entry.get("content"), str) and isinstance(made_of, dict)
        return entry if known and all(isinstance(part, dict) for part in made_of.values()) else {}

    def _path(self, output: str) -> Path:
        return self._folder / f"{output}.json"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What changed between two mappings of kinds to nested values, a line for each key."""
    lines = []
    for kind in sorted(old.keys() | new.keys()):
        before, now = dict(flatten(old.get(kind, {}))), dict(flatten(new.get(kind, {})))
        changed = [key for key in sorted(before | now) if before.get(key) != now.get(key)]
        lines += [f"{kind} {key}{_change(before.get(key), now.get(key))}" for key in changed]
    return lines


def digest(tree: Any) -> str:
    """SHA-256 of a JSON tree, shortened."""
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:16]


def plain(value: Any) -> Any:
    """As it is after a round trip through JSON; pydantic models as mappings."""
    text = json.dumps(value, default=lambda other: getattr(other, "__dict__", str(other)))
    return json.loads(text)


def _content(dataset: Any) -> str:
    """SHA-256 of what a dataset is kept in; "" if there is nothing yet.

    That is a file, or a folder, whose manifest stands for its files (``exists`` compares them), or
    several files that differ in their suffix.
    """
    if isinstance(dataset, AbstractVersionedDataset):
        path = Path(str(dataset._get_load_path())) if dataset.exists() else Path()
    else:
        path = Path(dataset._describe().get("filepath", ""))
    path = path / MANIFEST if path.is_dir() else path
    if path.is_file():
        return file_digest(path)
    forms = [file for file in sorted(path.parent.glob(f"{path.name}.*")) if file.is_file()]
    return digest([(file.name, file_digest(file)) for file in forms]) if forms else ""


def _raw_state(dataset: Any) -> Recipe:
    """Settings of what no node makes, and name, size and time of its files, too many to be read."""
    stated = plain(dataset._describe())
    path = Path(str(stated.get("path") or stated.get("filepath") or ""))
    # without a path it would be all that lies in the working folder
    found = (path, *sorted(path.rglob("*"))) if path.name else ()
    files = [file for file in found if file.is_file()]
    states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return {"settings": stated, "files": digest(states)}


def _change(old: Any, new: Any) -> str:
    if all(re.fullmatch("[0-9a-f]{16}|[0-9a-f]{64}", str(value)) for value in (old, new)):
        return " changed"
    if old is None or new is None:
        return " is new" if old is None else " is gone"
    return f": {old} → {new}"
