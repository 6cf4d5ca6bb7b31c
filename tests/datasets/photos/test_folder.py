import os
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError
from PIL import Image

from spatial_dual.datasets.photos.catalog import PhotosDataset
from spatial_dual.datasets.quarantine import Finding

OPTIONS = {"image_size": 16, "val_share": 0.0, "test_share": 0.0}


def read(folder):
    return list(PhotosDataset(str(folder), **OPTIONS).load().chunks("train", 10))


def test_a_name_that_is_not_utf_8_is_read(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    try:
        Image.new("RGB", (8, 8)).save(path)
    except OSError:
        pytest.skip("this file system takes no such name")
    path.with_suffix(".txt").write_text("a cup")
    [chunk] = read(tmp_path)
    assert chunk["id"] == ["caf\ufffd.png"]


def test_pictures_with_captions_beside_them(tmp_path):
    (tmp_path / "sub").mkdir()
    for number, name in enumerate(["b.PNG", "a.jpg", "sub/c.webp"]):
        path = tmp_path / name
        Image.fromarray(np.full((20, 30, 3), 80 * number, np.uint8)).save(path)
        path.with_suffix(".txt").write_text(f"A picture .\n\nNumber {number}\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no picture of this name")
    [chunk] = read(tmp_path)
    assert chunk["id"] == ["a.jpg", "b.PNG", "sub/c.webp"]
    assert chunk["captions"][2] == ["A picture.", "Number 2"]
    assert [int(image.mean().round()) for image in chunk["image"]] == [80, 0, 160]


def test_pictures_without_captions_and_broken_ones_are_named(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "mute.png")
    (tmp_path / "heic.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (tmp_path / "heic.txt").write_text("a cat")
    findings = read(tmp_path)
    assert all(isinstance(finding, Finding) for finding in findings)
    assert [finding.file for finding in findings] == [
        str(tmp_path / name) for name in ("heic.heic", "mute.png")
    ]
    assert "not a readable picture; formats read: JPEG, PNG" in findings[0].reason
    assert findings[1].reason == "captions: none is usable: there are none"


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "readme.txt").write_text("nothing")
    with pytest.raises(DatasetError, match=r"no \*.parquet file and no picture there"):
        read(tmp_path)
