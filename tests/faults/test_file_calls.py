"""A kill, a full disk and Ctrl-C at the file-system calls of every type of the catalog.

Whatever happens at whatever call: the old value or the new one is there, whole, and the next save
works and leaves nothing beside it. ``FAULTS=long`` takes every call, the suite some of each save.
"""

import re
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from kedro.io import DatasetError

from tests.faults.catalog_types import TYPES, Kind, types_of
from tests.faults.profile import LONG, inputs
from tests.faults.syscalls import Outcome, run_with_fault, skip_without_tracing

POINTS = {"kill": 5, "full disk": 3, "interrupt": 1}
ABSENT = "nothing there"
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
    kind, clean = TYPES[name], undisturbed(name)
    contents = [content for content, _ in clean]
    seen: dict[Any, Any] = {}
    total = save_with_fault(name, tmp_path / "count", before, fault, 1 << 30).calls
    assert total > 3
    for at in points(total, fault, before):
        folder = tmp_path / f"call {at}"
        outcome = save_with_fault(name, folder, before, fault, at)
        where = f"{fault} at call {at} of {total}, {outcome}"
        assert outcome.met, where
        check_end(fault, outcome, where)
        if (state := what_readers_see(folder)) not in seen:
            seen[state] = loaded(kind, folder)
        allowed = [*contents[1:2], *(contents[:1] if before == "old" else [ABSENT])]
        assert seen[state] in allowed or (seen[state] == ABSENT and kind.in_forms), where
        kind.dataset(folder).save(values(name)[2])
        assert files(folder).keys() == clean[2][1].keys(), where
        # safetensors orders its header by chance
        assert files(folder) == clean[2][1] or loaded(kind, folder) == contents[2], where
        shutil.rmtree(folder)


def points(total: int, fault: str, before: str) -> list[int]:
    """All calls in the long profile, or so many of them spread over all."""
    count = (total if before == "old" else 40) if LONG else POINTS[fault]
    if total > count:
        found = sorted({round((n + 0.5) * total / count) for n in range(count)})
    else:
        found = list(range(total))
    return found[: inputs(len(found), len(found))]


def save_with_fault(name: str, folder: Path, before: str, fault: str, at: int) -> Outcome:
    folder.mkdir()
    if before == "old":
        write(folder, undisturbed(name)[0][1])
    dataset = TYPES[name].dataset(folder)
    return run_with_fault(lambda: dataset.save(values(name)[1]), fault, at, folder)


def check_end(fault: str, outcome: Outcome, where: str) -> None:
    """By the signal that it was sent, or in order; a full disk is said."""
    assert outcome.code in ((-9,) if fault == "kill" else (0, 3)), where
    if outcome.code == 3:
        said = {"full disk": "No space left", "interrupt": "KeyboardInterrupt"}[fault]
        assert said in outcome.message, where


def loaded(kind: Kind, folder: Path) -> Any:
    dataset = kind.dataset(folder)
    return kind.content(dataset.load()) if dataset.exists() else ABSENT


def what_readers_see(folder: Path) -> Any:
    """Names at the top, and all files but those under a temporary name."""
    names = sorted(path.name for path in folder.iterdir())
    found = {k: v for k, v in files(folder).items() if ".unfinished" not in k}
    return (*names, *found.items())


@cache
def values(name: str) -> list[Any]:
    return [TYPES[name].value(number) for number in (1, 2, 3)]


@cache
def undisturbed(name: str) -> list[tuple[Any, dict[str, bytes | None]]]:
    """What is loaded of three values once they are saved, and the files."""
    found = []
    for value in values(name):
        with TemporaryDirectory() as place:
            TYPES[name].dataset(Path(place)).save(value)
            found.append((loaded(TYPES[name], Path(place)), files(Path(place))))
    return found


def files(folder: Path) -> dict[str, bytes | None]:
    """Content by name; None is a folder."""
    return {
        str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


def write(folder: Path, content: dict[str, bytes | None]) -> None:
    for name, data in content.items():
        (folder / name).mkdir() if data is None else (folder / name).write_bytes(data)


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
