"""What an output is made of: inputs, parameters, code and versions, as one comparable mapping."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from platform import python_version
from typing import Any

from kedro.io import AbstractVersionedDataset, CatalogProtocol
from kedro.pipeline.node import Node

from spatial_dual.datasets.folders import MANIFEST, file_digest
from spatial_dual.datasets.progress import ProgressDataset
from spatial_dual.runs.code import CodeReader

Recipe = dict[str, Any]


class Recipes:
    """The recipe of each node as things stand now.

    Args:
        nodes: of all pipelines, to know what makes the inputs that are not kept.
        catalog: what the run reads and writes.
        code: reader of the package.
    """

    def __init__(self, nodes: Iterable[Node], catalog: CatalogProtocol, code: CodeReader) -> None:
        self._catalog = catalog
        self._code = code
        self.maker = {output: node for node in nodes for output in node.outputs}

    def of(self, node: Node) -> Recipe:
        """Recipe of all outputs of a node; a training's own progress is no ingredient."""
        code = self._code.reached_by(node.func) | {"python": python_version()}
        inputs: Recipe = {}
        parameters: Recipe = {}
        for name in sorted(set(node.inputs)):
            if name == "parameters" or name.startswith("params:"):
                parameters[name] = plain(self._catalog.load(name))
            elif not self.is_kept(name):
                made = name in self.maker
                inputs[name] = digest(
                    self.of(self.maker[name]) if made else plain(self._catalog.load(name))
                )
            elif not isinstance(dataset := self._catalog.get(name), ProgressDataset):
                inputs[name] = content_digest(dataset) if name in self.maker else raw_state(dataset)
                # the code that loads it, and that of the class it gives
                held = getattr(dataset, "_class", None)
                code |= self._code.follow(
                    [type(dataset).__module__, *([held.path] if held else [])]
                )
        arguments = _bound_arguments(node.func)
        return {"argument": arguments, "input": inputs, "parameter": parameters, "code": code}

    def is_kept(self, name: str) -> bool:
        """Whether a dataset outlives the run."""
        return name in self._catalog and not getattr(self._catalog.get(name), "_EPHEMERAL", False)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What changed between two mappings of kinds to nested values, a line for each key."""
    lines = []
    for kind in sorted(old.keys() | new.keys()):
        before, now = dict(flat(old.get(kind, {}))), dict(flat(new.get(kind, {})))
        for key in sorted(before.keys() | now.keys()):
            if before.get(key) != now.get(key):
                lines.append(f"{kind} {key}".rstrip() + _change(before.get(key), now.get(key)))
    return lines


def content_digest(dataset: Any) -> str | None:
    """SHA-256 of the file, or of the manifest of the folder, that a dataset is kept in.

    None if there is nothing yet. A manifest stands for its files: ``exists`` compares them.
    """
    if isinstance(dataset, AbstractVersionedDataset):
        path = Path(str(dataset._get_load_path())) if dataset.exists() else Path()
    else:
        path = Path(dataset._describe().get("filepath", ""))
    if path.is_dir():
        path /= MANIFEST
    return file_digest(path) if path.is_file() else None


def raw_state(dataset: Any) -> Recipe:
    """Settings of what no node makes, and name, size and time of its files, too many to be read."""
    stated = plain(dataset._describe())
    path = Path(str(stated.get("path") or stated.get("filepath") or ""))
    files = [file for file in (path, *sorted(path.rglob("*"))) if path.name and file.is_file()]
    states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return {"settings": stated, "files": digest(states)}


def digest(tree: Any) -> str:
    """SHA-256 of a JSON tree, shortened."""
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:16]


def flat(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of nested mappings with their dotted keys."""
    if isinstance(tree, Mapping) and tree:
        for key, value in tree.items():
            yield from flat(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, tree


def plain(value: Any) -> Any:
    """As it is after a round trip through JSON; pydantic models as mappings."""
    return json.loads(
        json.dumps(value, default=lambda other: getattr(other, "__dict__", str(other)))
    )


def _bound_arguments(function: Any) -> dict[str, str]:
    if not isinstance(function, partial):
        return {}
    return {str(n): repr(v) for n, v in [*enumerate(function.args), *function.keywords.items()]}


def _change(old: Any, new: Any) -> str:
    if all(re.fullmatch("[0-9a-f]{16}|[0-9a-f]{64}", str(value)) for value in (old, new)):
        return " changed"
    if old is None or new is None:
        return " is new" if old is None else " is gone"
    return f": {old} → {new}"
