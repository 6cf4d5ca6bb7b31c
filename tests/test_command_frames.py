"""``spatial-dual graph --image --depth`` on real RGB-D frames, end to end."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spatial_dual.commands.main import main
from spatial_dual.scene.graph import SceneGraph
from tests.datasets.photos.test_shards import encode_rle
from tests.perception.rgbd_frames import Frame, read_frames

FILES = {
    "redwood-0": ("redwood/00000.jpg", "redwood/00000.png", 0.001),
    "redwood-1": ("redwood/00001.jpg", "redwood/00001.png", 0.001),
    "tum": ("tum/TUM_color.png", "tum/TUM_depth.png", 0.0002),
    "nyu": ("nyu/NYU_color.ppm", None, 1.0),
    "arc2017": ("arc2017/rgb.jpg", None, 1.0),
}
"""Picture, depth in levels of a unit (None: in a form of its own, given as metres), the unit."""

BAR = 0.7
"""Share of a person's relations that is found."""


def instances(frame: Frame) -> str:
    height, width = frame.instances.shape
    rows = []
    for number, label in enumerate(frame.labels, start=1):
        mask = frame.instances == number
        ys, xs = np.nonzero(mask)
        box = [xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height]
        rows.append({"label": label, "box": list(map(float, box)), "mask_rle": encode_rle(mask)})
    return json.dumps(rows)


def options_of(name: str, frame: Frame, shared: Path, folder: Path) -> list[str]:
    """Options of the command for a frame, with what was outlined in it as instances."""
    picture, depth, unit = FILES[name]
    given = folder / "depth.tiff" if depth is None else shared / "rgbd" / depth
    if depth is None:
        Image.fromarray(frame.depth.astype(np.float32)).save(given)
    seen = folder / "seen.json"
    seen.write_text(instances(frame))
    options = ["--image", shared / "rgbd" / picture, "--depth", given, "--depth-unit", unit]
    options += ["--intrinsics", ",".join(map(str, frame.camera.intrinsics or ()))]
    if frame.camera.pitch_deg is not None:
        options += ["--pitch", frame.camera.pitch_deg]
    return [*map(str, options), "--instances", str(seen)]


def test_frames_become_graphs(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = {}
    for name, frame in read_frames(shared_data).items():
        main(["graph", *options_of(name, frame, shared_data, tmp_path)])
        graph = SceneGraph.from_json(capsys.readouterr().out)
        assert {relation.source for relation in graph.relations} == {"depth"}
        assert all(item.box is not None for item in graph.objects)
        label = dict(zip(frame.names, frame.labels, strict=True))
        named = {item.label for item in graph.objects}  # the middle square has not all of them
        told = {(label[s], p, label[o]) for s, p, o in frame.relations if label[s] in named}
        told = {triplet for triplet in told if triplet[2] in named}
        counts[name] = (len(told & set(graph.triplets())), len(told))
    assert all(told for _, told in counts.values())
    assert sum(found for found, _ in counts.values()) >= BAR * sum(t for _, t in counts.values())
