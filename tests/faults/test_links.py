"""Links in a stranger's data folder, under the temporary names: what they name stays as it is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from spatial_dual.chunks import ChunkSeries
from spatial_dual.datasets.folders import write_file, write_folder
from spatial_dual.datasets.records import Records, write_records
from spatial_dual.datasets.shard_folder import write_shards
from spatial_dual.runs.manifest import lock_runs, save_manifest
from spatial_dual.training.checkpoint import CheckpointStore, Progress

CHUNK = {"id": ["a", "b"], "image": np.arange(8, dtype=np.uint8).reshape(2, 4)}
SERIES = ChunkSeries(2, 2, lambda number: CHUNK)


def records(data: Path) -> None:
    write_records(data / "scenes", [CHUNK])
    assert Records(data / "scenes").values("id") == ["a", "b"]


def series(data: Path) -> None:
    write_shards(data / "scenes", SERIES, 2, "recipe")
    assert Records(data / "scenes").values("id") == ["a", "b"]


def folder(data: Path) -> None:
    write_folder(data / "scenes", lambda place: (place / "part").write_text("new") and None)
    assert (data / "scenes" / "part").read_text() == "new"


def checkpoint(data: Path) -> None:
    CheckpointStore(data).save(Progress(1, "print", {"model.w": torch.ones(2)}))
    assert CheckpointStore(data).load("print").step == 1


WRITERS: dict[str, tuple[str, bool, Callable[[Path], object]]] = {
    "file": ("table.csv.unfinished", False, lambda data: write_file(data / "table.csv", b"new")),
    "manifest": (
        "runs/r.json.unfinished",
        False,
        lambda data: save_manifest(data / "runs", {"id": "r", "status": "done"}),
    ),
    "reserve": ("runs/reserve", False, lambda data: lock_runs(data / "runs").release()),
    "checkpoint": ("checkpoint.safetensors.unfinished", False, checkpoint),
    "folder": ("scenes.unfinished", True, folder),
    "former folder": ("scenes.previous", True, folder),
    "records": ("scenes.unfinished", True, records),
    "series": ("scenes.unfinished", True, series),
    "shard": ("scenes.unfinished/shard-00000.arrow", False, records),
    "shard of a series": ("scenes.unfinished/shard-00000.arrow", False, series),
    "recipe": ("scenes.unfinished/recipe", False, series),
}


@pytest.mark.parametrize("name", WRITERS)
def test_what_a_link_names_is_not_touched(tmp_path: Path, name: str) -> None:
    place, of_folder, write = WRITERS[name]
    user, data = tmp_path / "user", tmp_path / "data"
    user.mkdir()
    (user / "recipe").write_text("recipe")
    (user / "diary").write_text("dear")
    (data / place).parent.mkdir(parents=True)
    if name == "former folder":
        folder(data)
    (data / place).symlink_to(user if of_folder else user / "diary")
    write(data)
    assert (user / "diary").read_text() == "dear"
    assert (user / "recipe").read_text() == "recipe"
    assert sorted(path.name for path in user.iterdir()) == ["diary", "recipe"]
    assert not (data / place).is_symlink()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("dear")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "lock").symlink_to(tmp_path / "diary")
    with pytest.raises(OSError, match="lock"):
        lock_runs(tmp_path / "runs")
    assert (tmp_path / "diary").read_text() == "dear"
