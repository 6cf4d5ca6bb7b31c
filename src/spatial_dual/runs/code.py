"""The code that a function reaches, found by reading it: what it names, imports, and so on.

Our own modules count by content without comments and docstrings, as a whole, and with the data
files beside them that they name; of the module of the function itself only the definitions that it
uses. Other packages count by version. Imports by a computed name are not seen.
"""

import ast
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable
from functools import cache, partial
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path
from platform import python_version
from typing import Any

import grimp

from spatial_dual.datasets.folders import read_object, write_file


class CodeReader:
    """Reads a package that can be imported; nothing of it is run.

    Args:
        package: its name.
        memory: JSON file of digests from one run to the next: to take them is a third of what a
            run costs that has nothing to do.
    """

    def __init__(self, package: str, memory: Path) -> None:
        self._root = Path(sys.modules[package].__path__[0])
        self._imports = grimp.build_graph(
            package,
            include_external_packages=True,
            exclude_type_checking_imports=True,
            cache_dir=None,
        )
        self._digest_of = cache(self._digest)
        self._memory, self._known = memory, read_object(memory)

    def reached_by(self, function: Callable[..., Any]) -> dict[str, str]:
        """Digests of own code and versions of packages that a function or ``partial`` reaches."""
        function = inspect.unwrap(function)
        while isinstance(function, partial):
            function = function.func
        name = function.__module__
        if name not in self._imports.modules:
            return self.follow([name])
        used = _used(self._tree(name).body, function.__qualname__.split(".")[0])
        lines = {n for one in used for n in range(one.lineno, (one.end_lineno or 0) + 1)}
        imported = [
            found
            for found in self._imports.find_modules_directly_imported_by(name)
            for place in self._imports.get_import_details(importer=name, imported=found)
            if place["line_number"] in lines
        ]
        return {f"{name}:{function.__qualname__}": _hash(used)} | self.follow(imported)

    def follow(self, modules: Iterable[str]) -> dict[str, str]:
        """The same for modules and all that they import."""
        known = [m if m in self._imports.modules else m.split(".")[0] for m in modules]
        further = (
            self._imports.find_upstream_modules(m) for m in known if m in self._imports.modules
        )
        reached = sorted(set(known).union(*further) - sys.stdlib_module_names)
        own = f"{self._root.name}."
        return {m: self._digest_of(m) if f"{m}.".startswith(own) else _version(m) for m in reached}

    def remember(self) -> None:
        """Write the memory."""
        write_file(self._memory, json.dumps(self._known).encode())

    def _digest(self, module: str) -> str:
        path = self._path(module)
        source = path.read_text("utf-8")
        beside = (file for file in sorted(path.parent.glob("*.*")) if file.suffix != ".py")
        data = [file.read_text("utf-8") for file in beside if file.name in source]
        key = _hash((), python_version(), source, *data)
        if key not in self._known:
            self._known[key] = _hash([self._tree(module)], *data)
        return str(self._known[key])

    def _tree(self, module: str) -> ast.Module:
        return _Essence().visit(ast.parse(self._path(module).read_text("utf-8")))

    def _path(self, module: str) -> Path:
        place = self._root.joinpath(*module.split(".")[1:])
        return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


class _Essence(ast.NodeTransformer):
    """Drops docstrings."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


def _used(statements: list[ast.stmt], name: str) -> list[ast.stmt]:
    """The top-level statements that define the name, and all that they name in turn."""
    used: list[ast.stmt] = []
    names = {name}
    while new := [one for one in statements if _defined(one) & names and one not in used]:
        used += new
        names = {node.id for one in new for node in ast.walk(one) if isinstance(node, ast.Name)}
    return sorted(used, key=statements.index)


def _defined(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _hash(trees: Iterable[ast.AST], *more: str) -> str:
    text = "\n".join([*map(ast.dump, trees), *more])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        owners = (found.version for found in distributions() if _holds(found, package))
        return next(owners, "not installed")


def _holds(found: Distribution, package: str) -> bool:
    """Whether an installed distribution holds a package; faster than all that all of them hold."""
    return f"\n{package}/__init__.py," in f"\n{found.read_text('RECORD')}"
