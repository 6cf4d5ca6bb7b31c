"""The code that a function reaches, found by reading it: what it names, imports, and so on.

Our own modules count by content without comments and docstrings, as a whole; of the module of the
function itself only the definitions that it uses. Other packages count by version. Nothing is
imported for it, and imports by a computed name are not seen.
"""

import ast
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable
from functools import cache, cached_property, partial
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any


class CodeReader:
    """Reads the package whose folder is ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._module = cache(self._read)

    def reached_by(self, function: Callable[..., Any]) -> dict[str, str]:
        """Digests of own code and versions of packages that a function or ``partial`` reaches."""
        function = inspect.unwrap(function)
        while isinstance(function, partial):
            function = function.func
        module = self._module(function.__module__)
        if module is None:
            return self.follow([function.__module__])
        used = module.used_by(function.__qualname__.split(".")[0])
        own = {f"{function.__module__}:{function.__qualname__}": _digest(used)}
        return own | self.follow(_imports(used))

    def follow(self, names: Iterable[str]) -> dict[str, str]:
        """The same for the modules that these dotted names are in, and all that they import."""
        found: dict[str, str] = {}
        todo = list(names)
        while todo:
            name = todo.pop()
            module = self._module(name)
            package = name.split(".")[0]
            if module is not None and module.name not in found:
                found[module.name] = module.digest
                todo += module.imports
            elif module is None and package not in sys.stdlib_module_names:
                found[package] = _version(package)
        return found

    def _read(self, name: str) -> "_Module | None":
        """The module of that name; the one it is defined in where it is no module."""
        package, *rest = name.split(".")
        if package != self._root.name:
            return None
        place = self._root.joinpath(*rest)
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                return _Module(name, path)
        return self._module(name.rpartition(".")[0])


class _Module:
    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self._source = path.read_text(encoding="utf-8")
        self._tree = _Essence().visit(ast.parse(self._source))

    @cached_property
    def digest(self) -> str:
        """Of the code, and of the JSON files beside the module that it names."""
        beside = sorted(self._path.parent.glob("*.json"))
        data = [
            hashlib.sha256(p.read_bytes()).hexdigest() for p in beside if p.name in self._source
        ]
        return _digest([self._tree], *data)

    @cached_property
    def imports(self) -> list[str]:
        """Full names of all that it imports."""
        return _imports([self._tree])

    def used_by(self, name: str) -> list[ast.AST]:
        """Top-level statements that define the name and all that they name in turn."""
        used: set[int] = set()
        todo = {name}
        while todo:
            wanted = {n for n, s in enumerate(self._tree.body) if _defined(s) & todo} - used
            used |= wanted
            walked = (node for n in wanted for node in ast.walk(self._tree.body[n]))
            todo = {node.id for node in walked if isinstance(node, ast.Name)}
        return [self._tree.body[n] for n in sorted(used)]


class _Essence(ast.NodeTransformer):
    """Drops docstrings, and what only a type checker reads."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node

    def visit_If(self, node: ast.If) -> Any:
        if ast.unparse(node.test).endswith("TYPE_CHECKING"):
            return [self.visit(statement) for statement in node.orelse]
        return self.generic_visit(node)


def _defined(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _imports(trees: Iterable[ast.AST]) -> list[str]:
    """Full names of what is imported at any depth; ruff keeps relative imports out of the code."""
    found = []
    for node in (n for tree in trees for n in ast.walk(tree)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def _digest(trees: Iterable[ast.AST], *more: str) -> str:
    text = "\n".join([*map(ast.dump, trees), *more])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        names = _distributions().get(package)
        return version(names[0]) if names else "not installed"


_distributions = cache(packages_distributions)
