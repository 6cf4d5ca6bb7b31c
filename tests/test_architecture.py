"""Imports go down the floors that ``docs/architecture.md`` shows, and it shows all modules."""

import re
from pathlib import Path

import grimp
import pytest

PACKAGE = "spatial_dual"
ROW = re.compile(r"^\| ([1-4]) \| (.*?) \|", re.MULTILINE)
UPWARD = {("spatial_dual.datasets.progress", "spatial_dual.training.checkpoint")}
"""The catalog hands a training the store of its checkpoints, which imports nothing of ours."""


@pytest.fixture(scope="module")
def floors(project_path: Path) -> dict[str, int]:
    rows = ROW.findall((project_path / "docs" / "architecture.md").read_text("utf-8"))
    return {name: int(floor) for floor, names in rows for name in re.findall(r"`(\w+)`", names)}


def test_every_module_has_a_floor(floors: dict[str, int], project_path: Path) -> None:
    found = (project_path / "src" / PACKAGE).iterdir()
    modules = {path.stem for path in found if path.suffix == ".py" or path.is_dir()}
    assert floors.keys() == {name for name in modules if not name.startswith("__")}


def test_imports_go_down(floors: dict[str, int]) -> None:
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    upward = {
        (importer, imported)
        for importer in graph.modules - {PACKAGE, f"{PACKAGE}.__main__"}
        for imported in graph.find_modules_directly_imported_by(importer) - {PACKAGE}
        if floors[imported.split(".")[1]] > floors[importer.split(".")[1]]
    }
    assert upward == UPWARD
