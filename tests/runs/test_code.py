"""Code digests on a small package: what counts, what does not, and how far it is followed."""

import ast
import functools
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spatial_dual.pipelines.evaluate.pipeline import create_sample_figures
from spatial_dual.runs.code import CodeReader

FILES = {
    "__init__.py": "",
    "nodes.py": '''
from small.constants import LIMIT
import numpy

def train(data):
    """Trains."""
    from small.loss import loss
    return helper(loss(data))

def helper(value):
    return value + LIMIT

def report(data):
    from small.table import show
    return show(data)
''',
    "constants.py": "LIMIT = 3\n",
    "loss.py": "from small import maths\n\ndef loss(x):\n    return maths.square(x)\n",
    "maths.py": "def square(x):\n    return x * x\n",
    "table.py": "NAMES = 'names.json'\n\ndef show(x):\n    return str(x)\n",
    "names.json": "{}",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in FILES.items():
        (tmp_path / "small").mkdir(exist_ok=True)
        (tmp_path / "small" / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "small"
    for name in [name for name in sys.modules if name.split(".")[0] == "small"]:
        del sys.modules[name]


def reader(package: Path) -> CodeReader:
    return CodeReader("small", package.parent / "digests")


def reached(package: Path, function: str) -> dict[str, str]:
    nodes = importlib.import_module("small.nodes")
    read = reader(package)
    found = read.reached_by(getattr(nodes, function))
    read.remember()
    return found


def test_imports_are_followed_also_those_inside_functions(package: Path) -> None:
    assert reached(package, "train").keys() == {
        "small.nodes:train",
        "small.constants",
        "small.loss",
        "small.maths",
    }
    assert reached(package, "report").keys() == {"small.nodes:report", "small.table"}


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("maths.py", "x * x", "x ** 2", {"train"}),
        ("constants.py", "3", "4", {"train"}),
        ("table.py", "str(x)", "repr(x)", {"report"}),
        ("names.json", "{}", "[]", {"report"}),
        ("nodes.py", "value + LIMIT", "value - LIMIT", {"train"}),
        ("nodes.py", "show(data)", "show(data or 1)", {"report"}),
        ("nodes.py", '"""Trains."""', '"""Learns."""  # a comment', set()),
        ("maths.py", "def square", "# squares\n\n\ndef square", set()),
    ],
)
def test_a_change_reaches_only_what_uses_it(
    package: Path, file: str, old: str, new: str, changed: set[str]
) -> None:
    before = {name: reached(package, name) for name in ("train", "report")}
    path = package / file
    path.write_text(path.read_text().replace(old, new))
    assert {name for name in before if reached(package, name) != before[name]} == changed


def test_only_a_type_checkers_imports_do_not_count(package: Path) -> None:
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import small.table\n"
    (package / "maths.py").write_text(guarded + FILES["maths.py"])
    assert "small.table" not in reached(package, "train")


def test_partials_wrappers_and_other_packages(package: Path) -> None:
    nodes = importlib.import_module("small.nodes")
    read = reader(package)
    whole = read.reached_by(nodes.train)
    bound = functools.partial(nodes.train, data=1)
    wrapped = functools.update_wrapper(functools.partial(nodes.train), nodes.train)
    assert read.reached_by(bound) == whole
    assert read.reached_by(wrapped) == whole
    versions = read.follow(["PIL.Image", "skimage.io", "os.path", "no_such_package"])
    names = ("PIL", "skimage")
    expected = {name: importlib.import_module(name).__version__ for name in names}
    assert versions == {**expected, "no_such_package": "not installed"}


def test_digests_are_remembered_and_a_damaged_memory_is_forgotten(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = reached(package, "report")
    with monkeypatch.context() as patch:
        patch.setattr(ast, "dump", lambda tree: "")  # what a digest would be taken from
        again = reached(package, "report")
        assert again["small.table"] == before["small.table"]
        (package.parent / "digests").write_text("{")
        assert reached(package, "report")["small.table"] != before["small.table"]


def test_a_metric_is_reached_by_the_nodes_that_use_it_alone(tmp_path: Path) -> None:
    read = CodeReader("spatial_dual", tmp_path / "digests")

    def users(module: str) -> set[str]:
        nodes = create_sample_figures().nodes
        return {node.name for node in nodes if module in read.reached_by(node.func)}

    assert users("spatial_dual.metrics.captions") == {"evaluate_texts"}
    assert users("spatial_dual.metrics.health") == {"evaluate_health"}
    assert users("spatial_dual.metrics.visor") == {"evaluate_relations", "evaluate_visor"}
