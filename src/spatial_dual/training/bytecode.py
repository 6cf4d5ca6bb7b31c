"""Digest of the code that a training reaches, taken from the functions at hand.

``runs.code`` reads the sources of pipeline nodes. A loss that is handed to ``fit`` may come from
anywhere, a notebook among others, so here the bytecode counts.
"""

import dis
import hashlib
import sys
from collections.abc import Iterable, Iterator
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from torch import nn

_PACKAGE = __name__.partition(".")[0]
_PLAIN = (bool, int, float, str, bytes, type(None))
_WRAPPERS = (MethodType, classmethod, staticmethod, property, cached_property)
_LIBRARIES = {"site-packages", "dist-packages"}
_CACHED = type(lru_cache(len))
_WRAPPED = ("func", "__func__", "__self__", "fget", "__wrapped__")


def code_digest(*reached: Any) -> str:
    """SHA-256 of what functions, classes and instances do, and all of ours that they name.

    Code of this package counts, and other code that is not installed as a library. Of a function
    the default arguments, constants of its module and values that it closes over count too, of an
    instance its class and what its attributes are instances of. Comments, docstrings and line
    numbers do not count.
    """
    walk = _Walk(reached)
    return hashlib.sha256("\n".join(sorted(walk.found)).encode()).hexdigest()


class _Walk:
    """Goes from one piece of code to those that it names."""

    def __init__(self, reached: Iterable[Any]) -> None:
        self.found: set[str] = set()
        self._ahead = list(reached)
        seen: dict[int, Any] = {}  # kept alive, so that no identifier is given twice
        while self._ahead:
            value = self._ahead.pop()
            if id(value) not in seen and not isinstance(value, _PLAIN):
                seen[id(value)] = value
                self._visit(value)

    def _visit(self, value: Any) -> None:
        ours = _is_ours(_package(value))
        if isinstance(value, FunctionType):
            self._ahead.append(getattr(value, "__wrapped__", None))
            if ours:
                self._function(value)
        elif isinstance(value, type):
            if ours:
                self._class(value)
        elif isinstance(value, partial):
            known: dict[Any, Any] = {**dict(enumerate(value.args)), **value.keywords}
            self.found |= {f"{key} = {v!r}" for key, v in known.items() if isinstance(v, _PLAIN)}
            self._ahead += [value.func, *known.values()]
        elif not isinstance(value, ModuleType):
            self._ahead += [*_parts(value), type(value)]
            if ours:
                self._ahead.append(getattr(value, "__dict__", None))

    def _class(self, kind: type) -> None:
        self._ahead += [*kind.__mro__[1:], *vars(kind).values()]
        for name, value in vars(kind).items():
            if isinstance(value, _PLAIN) and not name.startswith("__"):
                self.found.add(f"{kind.__module__}.{kind.__qualname__}.{name} = {value!r}")

    def _function(self, function: FunctionType) -> None:
        name = f"{function.__globals__['__name__']}.{function.__code__.co_qualname}"
        self.found.add(f"{name} {_text(function.__code__)}")
        named = set(_names(function.__code__))
        known = {key: function.__globals__[key] for key in named & function.__globals__.keys()}
        known |= {f"default {n}": value for n, value in enumerate(function.__defaults__ or ())}
        known |= function.__kwdefaults__ or {}
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        known |= {key: _content(cell) for key, cell in cells}
        for key, value in known.items():
            if isinstance(value, _PLAIN):
                self.found.add(f"{name} {key} = {value!r}")
            elif isinstance(value, ModuleType) and _is_ours(_package(value)):
                self._ahead += [getattr(value, attribute, None) for attribute in named]
            else:
                self._ahead.append(value)


def _parts(value: Any) -> list[Any]:
    """What a value is put together from, where that can be code."""
    if isinstance(value, (*_WRAPPERS, _CACHED)):
        return [getattr(value, name, None) for name in _WRAPPED]
    if isinstance(value, nn.Module):
        return [type(module) for module in value.modules()]
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple | set | frozenset) else []


def _package(value: Any) -> str:
    """First part of the name of the module that a value, or its class, is from."""
    if isinstance(value, partial):
        return _package(value.func)
    if isinstance(value, FunctionType):  # what wraps another states the module of that other
        return str(value.__globals__.get("__name__", "")).partition(".")[0]
    module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return str(module or "").partition(".")[0]


@cache
def _is_ours(package: str) -> bool:
    place = Path(getattr(sys.modules.get(package), "__file__", None) or "")
    library = package in sys.stdlib_module_names or not {*place.parts}.isdisjoint(_LIBRARIES)
    return package == _PACKAGE or not library


def _text(code: CodeType) -> str:
    """Instructions without their places."""
    steps = dis.get_instructions(code)
    return "; ".join(f"{step.opname} {_argument(step.argval)}" for step in steps)


def _argument(value: Any) -> str:
    if isinstance(value, CodeType):
        return _text(value)
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a name that is not bound yet
        return None
