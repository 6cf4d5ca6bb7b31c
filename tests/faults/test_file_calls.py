"""A kill, a full disk and Ctrl-C at the file-system calls of every type of the catalog.

Whatever happens at whatever call: the old value or the new one is there, whole, and the next save
works and leaves nothing beside it. ``FAULTS=long`` takes every call, the suite some of each save.
"""

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from kedro.io import DatasetError

from tests.faults.catalog_types import TYPES, Kind, types_of
from tests.faults.profile import LONG
from tests.faults.syscalls import Outcome, run_with_fault, skip_without_tracing

POINTS = {"kill": 5, "full disk": 3, "interrupt": 1}
READ_ONLY = {
    "MemoryDataset",
    "spatial_dual.datasets.graphs.caption_sets.CaptionSetsDataset",
    "spatial_dual.datasets.graphs.catalog.GoldGraphsDataset",
    "spatial_dual.datasets.photos.catalog.PhotosDataset",
    "spatial_dual.datasets.photos.catalog.VsdDataset",
    "spatial_dual.datasets.progress.ProgressDataset",
    "spatial_dual.datasets.rendered.RenderedScenesDataset",
    "spatial_dual.datasets.returned_files.ReturnedFilesDataset",
    "spatial_dual.datasets.returned_files.SampleSetsDataset",
    "spatial_dual.datasets.run_manifests.RunManifestsDataset",
}
"""Types that nothing is saved to; a training's progress is the case "checkpoint"."""


@pytest.fixture(scope="module", autouse=True)
def traced() -> None:
    skip_without_tracing()


@pytest.mark.parametrize("before", ["old", "absent"])
@pytest.mark.parametrize("fault", POINTS)
@pytest.mark.parametrize("name", TYPES)
def test_old_or_new(tmp_path: Path, name: str, fault: str, before: str) -> None:
    if before == "absent" and not LONG:
        pytest.skip("in the long profile")
    kind = TYPES[name]
    values, contents, clean = undisturbed(name)
    total = save_with_fault(kind, tmp_path / "count", before, values, fault, 1 << 30).calls
    assert total > 3
    for at in points(total, POINTS[fault]):
        folder = tmp_path / f"call {at}"
        outcome = save_with_fault(kind, folder, before, values, fault, at)
        where = f"{fault} at call {at} of {total}, {outcome}"
        assert outcome.met, where
        check_end(fault, outcome, where)
        check_value(kind, folder, before == "old", contents, where)
        kind.dataset(folder).save(values[2])
        assert kind.content(kind.dataset(folder).load()) == contents[2], where
        assert names(folder) == clean, where


def points(total: int, count: int) -> list[int]:
    """All calls, or so many of them spread over all."""
    if LONG or total <= count:
        return list(range(total))
    return sorted({round((n + 0.5) * total / count) for n in range(count)})


def save_with_fault(
    kind: Kind, folder: Path, before: str, values: list[Any], fault: str, at: int
) -> Outcome:
    folder.mkdir()
    if before == "old":
        kind.dataset(folder).save(values[0])
    dataset = kind.dataset(folder)
    return run_with_fault(lambda: dataset.save(values[1]), fault, at, folder)


def check_end(fault: str, outcome: Outcome, where: str) -> None:
    """By the signal that it was sent, or in order; a full disk is said."""
    assert outcome.code in ((-9,) if fault == "kill" else (0, 3)), where
    if outcome.code == 3:
        said = {"full disk": "No space left", "interrupt": "KeyboardInterrupt"}[fault]
        assert said in outcome.message, where


def check_value(kind: Kind, folder: Path, was: bool, contents: list[Any], where: str) -> None:
    dataset = kind.dataset(folder)
    if dataset.exists():
        expected = contents[:2] if was else contents[1:2]
        assert kind.content(dataset.load()) in expected, where
    else:
        assert kind.in_forms or not was, where


@cache
def undisturbed(name: str) -> tuple[list[Any], list[Any], set[str]]:
    """Three values, their contents once saved and loaded, and the names of the files."""
    kind = TYPES[name]
    values, contents = [kind.value(number) for number in (1, 2, 3)], []
    for value in values:
        with TemporaryDirectory() as folder:
            kind.dataset(Path(folder)).save(value)
            contents.append(kind.content(kind.dataset(Path(folder)).load()))
            found = names(Path(folder))
    return values, contents, found


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_every_type_of_the_catalog_is_here(project_path: Path, tmp_path: Path) -> None:
    used = set()
    for file in (project_path / "conf").glob("*/catalog*.yml"):
        used |= set(re.findall(r"^ +type: (\S+)", file.read_text(), re.MULTILINE))
    here = {types_of(kind.dataset(tmp_path)) for kind in TYPES.values()}
    assert len(used) > 15
    assert used - here - READ_ONLY == set()


def test_a_full_disk_is_a_dataset_error(tmp_path: Path) -> None:
    """Kedro's own name for it, with the file in the message, for the manifest of the run."""
    dataset = TYPES["json"].dataset(tmp_path)
    (tmp_path / "j.json").mkdir()
    with pytest.raises(DatasetError, match=r"j\.json"):
        dataset.save({"value": 1})
