"""A reader beside a writer: the old or the new, never both, and never in the writer's way."""

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spatial_dual.chunks import ChunkSeries
from spatial_dual.datasets.folders import (
    IncompleteFolderError,
    is_whole,
    read_folder,
    verify_folder,
    write_folder,
)
from spatial_dual.datasets.record_columns import RecordsError
from spatial_dual.datasets.records import Records, write_records
from tests.contracts.test_datasets import CASES


def write(folder: Path, text: str) -> None:
    write_folder(folder, lambda place: (place / "a").write_text(text) and None)


def read(folder: Path) -> str:
    return read_folder(folder, lambda place: (place / "a").read_text())


def between_renames(
    folder: Path, monkeypatch: pytest.MonkeyPatch, reader: Any, writer: Any
) -> list[Any]:
    """What ``reader`` gives where the old folder stepped aside and the new one is not there yet."""
    found: list[Any] = []
    rename = Path.rename

    def watched(self: Path, target: Path) -> Path:
        done = rename(self, target)
        if target.name == f"{folder.name}.previous":
            found.append(reader())
        return done

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", watched)
        writer()
    return found


def test_a_reader_between_the_renames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "f"
    write(folder, "old")

    def reader() -> tuple[str, bool]:
        return read(folder), is_whole(folder)

    found = between_renames(folder, monkeypatch, reader, lambda: write(folder, "new"))
    assert found == [("old", True)]
    assert read(folder) == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("name", ["model", "records", "whole model"])
def test_a_type_of_the_catalog_between_the_renames(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    case.dataset(tmp_path).save(case.value(1))
    folder = next(tmp_path.iterdir())

    def reader() -> tuple[Any, bool]:
        return case.content(case.dataset(tmp_path).load()), case.dataset(tmp_path).exists()

    found = between_renames(
        folder, monkeypatch, reader, lambda: case.dataset(tmp_path).save(case.value(2))
    )
    assert found == [(case.content(case.value(1)), True)]
    assert case.content(case.dataset(tmp_path).load()) == case.content(case.value(2))


def test_what_is_replaced_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    write(folder, "old")
    seen: list[str] = []

    def slow(place: Path) -> str:
        first = (place / "a").read_text()
        if not seen:
            write(folder, "new")
        seen.append(first)
        return first + (place / "a").read_text()

    assert read_folder(folder, slow) == "newnew"
    assert seen == ["old", "new"]


def test_records_that_were_replaced_are_named(tmp_path: Path) -> None:
    chunks = [{"id": [f"{n}"], "value": np.full((1, 3), n)} for n in range(4)]
    records = write_records(tmp_path / "r", chunks, rows_per_shard=2)
    assert records.values("id", [0]) == ["0"]
    write_records(tmp_path / "r", list(reversed(chunks)), rows_per_shard=2)
    with pytest.raises(RecordsError, match="replaced after it was opened; load it again"):
        records.values("id", [3])
    assert Records(tmp_path / "r").values("id") == ["3", "2", "1", "0"]


def test_a_reader_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "f", "old")
    (tmp_path / "f").rename(tmp_path / "f.previous")
    assert read(tmp_path / "f") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["f.previous"]
    write(tmp_path / "f", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    with pytest.raises(IncompleteFolderError, match="never finished"):
        verify_folder(tmp_path / "absent")


def test_a_rename_that_fails_leaves_the_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "f"
    write(folder, "old")
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if self.name == "f.unfinished":
            raise OSError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OSError, match="Permission denied"):
        write(folder, "new")
    assert (folder / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_every_folder_is_flushed_before_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def flushed(descriptor: int) -> None:
        place = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        events.append(str(place.relative_to(tmp_path)))
        fsync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        events.append(f"rename {self.name}")
        return rename(self, target)

    def fill(place: Path) -> None:
        (place / "b" / "c").mkdir(parents=True)
        (place / "b" / "c" / "d").write_text("deep")

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "rename", renamed)
    write_folder(tmp_path / "new" / "f", fill)
    at = "new/f.unfinished"
    before, after = events[: events.index("rename f.unfinished")], events[-1]
    order = [before.index(f"{at}{part}") for part in ("/b/c/d", "/b/c", "/b", "")]
    assert order == sorted(order)
    assert after == "new"
    assert "." in before  # the folder that holds the new folder "new"


def test_shards_are_copied_where_they_cannot_be_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[range] = []

    def make(rows: range) -> dict[str, Any]:
        made.append(rows)
        return {"id": [str(row) for row in rows], "value": torch.arange(len(rows)).numpy()}

    def refused(*arguments: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    series = ChunkSeries(6, 2, make)
    write_records(tmp_path / "r", series, 2, "recipe")
    (tmp_path / "r" / "shard-00001.arrow").write_bytes(b"")
    made.clear()
    monkeypatch.setattr(os, "link", refused)
    write_records(tmp_path / "r", series, 2, "recipe")
    assert made == [range(2, 4)]
    assert Records(tmp_path / "r").values("id") == list("012345")
