"""Shards that are made again one by one, and writing that may be killed at any moment."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatial_dual.chunks import ChunkSeries
from spatial_dual.datasets.records import Records, write_records
from tests.datasets.kills import killed_at

ROWS, ROWS_PER_SHARD, CHUNK = 23, 4, 3  # chunks reach over the borders of shards
SHARDS = 6


def series(made: list[int] | None = None, start: int = 0) -> ChunkSeries:
    """Rows ``start …``; notes which are made."""

    def make(rows: range) -> dict[str, Any]:
        if made is not None:
            made.extend(rows)
        values = [start + row for row in rows]
        names = [["a", "b"][: row % 3] if row > 4 else [] for row in rows]  # typed by a later chunk
        return {
            "id": [str(value) for value in values],
            "image": np.array(values, np.uint8).reshape(-1, 1, 1).repeat(4, axis=1),
            "names": names,
        }

    return ChunkSeries(ROWS, CHUNK, make)


def write(folder: Path, made: list[int] | None = None, recipe: str | None = "r") -> Records:
    return write_records(folder, series(made), ROWS_PER_SHARD, recipe)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def damage(folder: Path, *shards: int) -> None:
    for number in shards:
        path = folder / f"shard-{number:05d}.arrow"
        middle = path.stat().st_size // 2
        before = path.read_bytes()
        path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])


@pytest.mark.parametrize("bad", [(0,), (5,), (1, 2, 4), tuple(range(SHARDS))])
def test_only_damaged_shards_are_made_again(tmp_path: Path, bad: tuple[int, ...]) -> None:
    whole = content(write(tmp_path / "r").folder)
    damage(tmp_path / "r", *bad)
    made: list[int] = []
    write(tmp_path / "r", made)
    needed = {row for n in bad for row in range(n * ROWS_PER_SHARD, (n + 1) * ROWS_PER_SHARD)}
    chunks = {row // CHUNK for row in needed if row < ROWS}
    assert set(made) == {row for row in range(ROWS) if row // CHUNK in chunks}
    assert content(tmp_path / "r") == whole
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_missing_shard_is_made_again(tmp_path: Path) -> None:
    whole = content(write(tmp_path / "r").folder)
    (tmp_path / "r" / "shard-00003.arrow").unlink()
    made: list[int] = []
    write(tmp_path / "r", made)
    assert sorted(made) == list(range(12, 18))
    assert content(tmp_path / "r") == whole


@pytest.mark.parametrize("recipe", ["another", None])
def test_nothing_of_another_recipe_is_taken_over(tmp_path: Path, recipe: str | None) -> None:
    write(tmp_path / "r")
    damage(tmp_path / "r", 0)
    made: list[int] = []
    write(tmp_path / "r", made, recipe)
    assert sorted(made) == list(range(ROWS))


def test_whole_records_are_made_again_on_purpose(tmp_path: Path) -> None:
    write(tmp_path / "r")
    made: list[int] = []
    write(tmp_path / "r", made)
    assert sorted(made) == list(range(ROWS))


def test_other_sizes_of_shards_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path / "r")
    damage(tmp_path / "r", 0)
    again = write_records(tmp_path / "r", series(), 5, "r")
    assert content(again.folder) == content(write_records(tmp_path / "s", series(), 5, "r").folder)


def test_a_failure_keeps_the_shards_that_are_whole(tmp_path: Path) -> None:
    def disk_full(rows: range) -> Any:
        if rows.start > 12:
            raise OSError("no space left")
        return series().make(rows)

    with pytest.raises(OSError, match="no space left"):
        write_records(tmp_path / "r", ChunkSeries(ROWS, CHUNK, disk_full), ROWS_PER_SHARD, "r")
    assert not (tmp_path / "r").exists()
    made: list[int] = []
    records = write(tmp_path / "r", made)
    assert min(made) == 12
    assert records.values("id") == [str(row) for row in range(ROWS)]


@pytest.mark.parametrize("state", ["absent", "older", "damaged"])
def test_killed_at_any_moment(tmp_path: Path, state: str) -> None:
    """What was valid stays so, the next attempt ends in the same bytes."""
    whole = content(write(tmp_path / "expected").folder)
    for event in range(1000):
        folder = tmp_path / str(event) / "r"
        if state == "older":
            write_records(folder, series(start=100), ROWS_PER_SHARD, "older")
        elif state == "damaged":
            write(folder)
            damage(folder, 1, 4)
        killed = killed_at(event, lambda folder=folder: write(folder))  # type: ignore[misc]
        if state == "older" or not killed:
            assert Records(folder).values("id")[0] in ("0", "100")
        write(folder)
        assert content(folder) == whole
        assert len(list(folder.parent.iterdir())) == 1
        if not killed:
            break
    assert 30 < event < 999
