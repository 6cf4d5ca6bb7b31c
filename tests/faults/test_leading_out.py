"""Data sets whose records or links lead out of their folder, or to what is no file."""

import json
import os
from pathlib import Path

import pytest
from kedro.io import DatasetError
from PIL import Image

from spatial_dual.datasets.graphs.caption_sets import CaptionSetsDataset
from spatial_dual.datasets.graphs.catalog import GoldGraphsDataset
from spatial_dual.datasets.images import UnreadableImageError, open_picture
from spatial_dual.datasets.photos.catalog import PhotosDataset, VsdDataset
from spatial_dual.datasets.quarantine import Finding
from tests.faults.child import outcomes


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """The user's own picture, text and data, which nobody should get into a data set."""
    folder = tmp_path / "user"
    folder.mkdir()
    Image.new("RGB", (8, 8), "red").save(folder / "own.png")
    (folder / "own.txt").write_text("a secret\n")
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    (folder / "a.txt").write_text("a cup\n")
    return folder


def read_folder(folder: Path) -> str:
    source = PhotosDataset(str(folder), image_size=8, val_share=0, test_share=0).load()
    parts = list(source.chunks("train", 8))
    found = [str(part) for part in parts if isinstance(part, Finding)]
    ids = [name for part in parts if not isinstance(part, Finding) for name in part["id"]]
    return json.dumps([ids, found])


def read(folder: Path) -> tuple[list[str], str]:
    """Ids and findings, read in a child process under a memory limit."""
    (said,) = outcomes(read_folder, [folder])
    ids, found = json.loads(said)
    return ids, "\n".join(found)


@pytest.mark.parametrize("suffix", ["png", "txt"])
def test_links_out_of_a_folder_of_photos(photos: Path, user: Path, suffix: str) -> None:
    (photos / "b.png").write_bytes((photos / "a.png").read_bytes())
    (photos / f"b.{suffix}").unlink(missing_ok=True)
    (photos / f"b.{suffix}").symlink_to(user / f"own.{suffix}")
    if suffix == "png":
        (photos / "b.txt").write_text("a cup\n")
    ids, found = read(photos)
    assert ids == ["a.png"]
    assert f"b.{suffix}: leads out of" in found


def test_links_within_a_folder_are_followed(photos: Path) -> None:
    (photos / "b.png").symlink_to("a.png")
    (photos / "b.txt").symlink_to(photos / "a.txt")
    assert read(photos) == (["a.png", "b.png"], "")


@pytest.mark.parametrize("suffix", ["png", "txt"])
def test_pipes_are_not_waited_for(photos: Path, suffix: str) -> None:
    (photos / "b.png").write_bytes((photos / "a.png").read_bytes())
    (photos / f"b.{suffix}").unlink(missing_ok=True)
    os.mkfifo(photos / f"b.{suffix}")
    if suffix == "png":
        (photos / "b.txt").write_text("a cup\n")
    ids, found = read(photos)
    assert ids == ["a.png"]
    assert "not a regular file" in found


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/stdin"])
def test_devices_are_not_read(photos: Path, target: str) -> None:
    (photos / "b.png").symlink_to(target)
    (photos / "b.txt").write_text("a cup\n")
    ids, found = read(photos)
    assert ids == ["a.png"]
    assert "leads out of" in found


@pytest.mark.parametrize("path", ["/dev/zero", "/proc", "/nowhere/a.png"])
def test_pictures_are_regular_files(path: str) -> None:
    with pytest.raises(UnreadableImageError, match=r"regular file|directory|No such file"):
        open_picture(path)


def test_pictures_have_a_size_limit(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(UnreadableImageError, match=r"bytes, more than \d+"):
        open_picture(tmp_path / "a.png")


def vsd(folder: Path, name: str) -> VsdDataset:
    triple = {"s": "cup", "p": "on", "o": "table", "s_bbox": [0, 4, 0, 4], "o_bbox": [2, 8, 0, 8]}
    row = {"img_id": name, "triple_list": [triple], "captions": ["a cup on a table"]}
    for split in ("train", "val", "test"):
        (folder / f"{split}.json").write_text(json.dumps([row]))
    return VsdDataset(str(folder), str(folder), image_size=8)


def read_vsd(given: tuple[Path, str]) -> str:
    (part,) = vsd(*given).load().chunks("train", 8)
    return str(part) if isinstance(part, Finding) else f"read {part['id']}"


@pytest.mark.parametrize("name", ["../user/own.png", "{user}/own.png", "/dev/zero", "..", "."])
def test_image_names_of_vsd_stay_in_the_folder(photos: Path, user: Path, name: str) -> None:
    (said,) = outcomes(read_vsd, [(photos, name.format(user=user))])
    assert f"image: {photos}" in said or f"leads out of {photos}" in said


def test_image_names_of_vsd_in_the_folder_are_read(photos: Path) -> None:
    assert outcomes(read_vsd, [(photos, "a.png"), (photos, "a")]) == [
        "read ['a.png']",
        "read ['a']",
    ]


def load_sets(folder: Path) -> str:
    own = [{"caption": "a cup", "relations": [], "objects": [["cup", []]]}]
    (folder.parent / "own.json").write_text(json.dumps(own))
    try:
        return str(CaptionSetsDataset(str(folder.parent / "own.json"), str(folder)).load())
    except DatasetError as error:
        return str(error)


def load_graphs(folder: Path) -> str:
    files = {"train": "train*", "val": "val*", "test": "test*"}
    try:
        return str(GoldGraphsDataset(str(folder), "3dssg", files).load().splits())
    except DatasetError as error:
        return str(error)


def load_vsd(folder: Path) -> str:
    try:
        return str(VsdDataset(str(folder), str(folder)).load().splits())
    except DatasetError as error:
        return str(error)


@pytest.mark.parametrize("load", [load_graphs, load_vsd, load_sets])
@pytest.mark.parametrize("kind", ["link", "device", "pipe"])
def test_annotations_are_regular_files_of_the_folder(
    tmp_path: Path, user: Path, load: object, kind: str
) -> None:
    folder = tmp_path / "annotations"
    folder.mkdir()
    (user / "own.json").write_text('{"scans": []}')
    for split in ("train", "val", "test"):
        path = folder / f"{split}.json"
        if kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to(user / "own.json" if kind == "link" else "/dev/zero")
    (said,) = outcomes(load, [folder])  # type: ignore[arg-type]
    nothing = ("needed, found: none", "no *val.json or dev.csv* in it", "{}")
    assert any(reason in said for reason in ("not a regular file", *nothing))
