"""``spatial-dual graph --image --depth`` on a made frame and on real ones, end to end."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spatial_dual.commands.main import main
from spatial_dual.scene.graph import SceneGraph
from tests.datasets.photos.test_shards import encode_rle
from tests.perception.rgbd_frames import Frame, read_frames
from tests.test_commands import failure, printed_graphs

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


@pytest.fixture
def frame(tmp_path):
    """Options of a picture with depth and instances: a cup in front of a wall."""
    Image.new("RGB", (90, 70), "red").save(tmp_path / "photo.png")
    levels = np.tile(np.linspace(3000, 3200, 90).astype(np.uint16), (70, 1))
    levels[20:50, 30:60] = 1500
    Image.fromarray(levels).save(tmp_path / "depth.tiff")
    seen = [
        {"label": "cup", "box": [30 / 90, 20 / 70, 60 / 90, 50 / 70]},
        {"label": "picture", "box": [12 / 90, 0, 25 / 90, 15 / 70]},
    ]
    (tmp_path / "seen.json").write_text(json.dumps(seen))
    return tmp_path


def test_given_depth_and_instances_need_no_model(frame, capsys):
    options = ("--image", frame / "photo.png", "--depth", frame / "depth.tiff")
    seen = ("--instances", frame / "seen.json", "--model", frame / "none")
    (graph,) = printed_graphs(capsys, *options, *seen, "--intrinsics", "70,70,45,35")
    assert ("cup", "in front of", "picture") in graph.triplets()
    assert {relation.source for relation in graph.relations} == {"depth"}
    cup = next(item for item in graph.objects if item.label == "cup")
    assert cup.box.size[0] == pytest.approx(30 / 70 * 1.5, abs=0.05)
    assert "red" in cup.attributes


def test_field_of_view_scales_the_boxes(frame, capsys):
    options = ("--image", frame / "photo.png", "--depth", frame / "depth.tiff")
    options += ("--instances", frame / "seen.json")
    narrow, wide = (
        printed_graphs(capsys, *options, "--fov", fov)[0].objects[0].box.size[0] for fov in (30, 60)
    )
    ratio = np.tan(np.radians(30)) / np.tan(np.radians(15))
    assert wide / narrow == pytest.approx(ratio, rel=0.02)


def test_depth_by_an_onnx_file(frame, capsys, shared_data):
    pytest.importorskip("onnxruntime")
    model = shared_data / "weights" / "fastdepth.onnx"
    options = ("--image", frame / "photo.png", "--depth-model", model)
    (graph,) = printed_graphs(capsys, *options, "--instances", frame / "seen.json")
    assert {item.label for item in graph.objects} == {"cup", "picture"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "seen.json: not JSON"),
        ('[{"label": "cup"}]', "seen.json: instance 0: box None is not four numbers"),
        ('[{"label": "cup", "box": [9, 9, 50, 50]}]', "divide pixels by the picture's width"),
        (None, "seen.json: No such file"),
    ],
)
def test_broken_instances_are_named(frame, content, message):
    (frame / "seen.json").unlink()
    if content is not None:
        (frame / "seen.json").write_text(content)
    options = ("--image", frame / "photo.png", "--depth", frame / "depth.tiff")
    assert message in failure("graph", *options, "--instances", frame / "seen.json")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--intrinsics", "1,2,3", "must be fx,fy,cx,cy in pixels"),
        ("--intrinsics", "inf,inf,0,0", "must be fx,fy,cx,cy in pixels"),
        ("--intrinsics", "500,500,nan,nan", "must be fx,fy,cx,cy in pixels"),
        ("--pitch", "nan", "must be -90 to 90 degrees"),
        ("--pitch", "400", "must be -90 to 90 degrees"),
        ("--fov", "180", "must be 1 to 179 degrees"),
    ],
)
def test_cameras_of_nonsense_are_refused(capsys, option, value, message):
    with pytest.raises(SystemExit):
        main(["graph", "--image", "x.png", "--depth", "d.png", option, value])
    assert message in capsys.readouterr().err
