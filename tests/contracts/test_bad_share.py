"""Every source of records: bad ones are left out and named, up to the set share; then it fails."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spatial_dual.datasets.graphs.catalog import GoldGraphsDataset
from spatial_dual.datasets.photos.catalog import PhotosDataset, VsdDataset
from spatial_dual.datasets.quarantine import TooMuchLeftOutError
from spatial_dual.pipelines.scenes.nodes import collect_scenes
from tests.datasets.photos.vsd_folder import make_vsd

SIZE, GOOD = 64, 3


def photos(folder: Path) -> Any:
    """Three pictures, and one cut short."""
    for number in range(GOOD + 1):
        noise = np.random.default_rng(number).integers(0, 255, (80, 90, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text("a cat on a mat")
    bad = folder / f"{GOOD}.png"
    bad.write_bytes(bad.read_bytes()[:200])
    return PhotosDataset(str(folder), SIZE, val_share=0, test_share=0).load()


def vsd(folder: Path) -> Any:
    """Four annotations, and three of their pictures."""
    annotations, images = make_vsd(folder, {"train": GOOD + 1, "val": 1, "test": 1}, SIZE)
    sorted(images.rglob("train*.png"))[-1].unlink()
    return VsdDataset(str(annotations), str(images), image_size=SIZE).load()


def factual(folder: Path) -> Any:
    """Three captions with their graphs, and one without."""
    rows = [f'{n},0,a cat on a mat,"( cat , on , mat )"' for n in range(GOOD)]
    rows = ["image_id,region_id,caption,scene_graph", *rows, f"{GOOD},0,a cat,"]
    (folder / "train.csv").write_text("\n".join(rows))
    return GoldGraphsDataset(str(folder), "factual", {"train": "train.csv"}).load()


def threedssg(folder: Path) -> Any:
    """Three scans, and one whose relation says too little."""
    scan = {"split": 0, "objects": {"1": "chair", "2": "floor"}}
    near = [[1, 2, 15, "standing on"]]
    scans = [{**scan, "scan": f"room {n}", "relationships": near} for n in range(GOOD)]
    scans.append({**scan, "scan": "bad", "relationships": [[1, 2]]})
    (folder / "train.json").write_text(json.dumps({"scans": scans}))
    return GoldGraphsDataset(str(folder), "3dssg", {"train": "train.json"}).load()


def collect(source: Any, share: float) -> tuple[int, Any]:
    parameters = {"chunk_rows": 2, "max_bad_share": share}
    stream, quarantine = collect_scenes(source, parameters, "train")
    return sum(len(chunk["id"]) for chunk in stream), quarantine


@pytest.mark.parametrize("make", [photos, vsd, factual, threedssg])
def test_bad_records_are_left_out_up_to_the_set_share(
    make: Callable[[Path], Any], tmp_path: Path
) -> None:
    source = make(tmp_path)
    kept, quarantine = collect(source, 0.25)
    assert kept == GOOD
    (finding,) = [f for f in quarantine.findings if f.left_out == "record"]
    assert finding.reason
    with pytest.raises(TooMuchLeftOutError) as failure:
        collect(source, 0.2)
    assert finding.id in str(failure.value)
    assert finding.reason.split("\n")[0] in str(failure.value)
