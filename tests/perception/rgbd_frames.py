"""Real RGB-D frames with what a person sees in them (``tests/data/rgbd_frames.json``)."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from spatial_dual.perception.camera import Camera
from spatial_dual.scene.graph import SceneGraph

ANNOTATIONS = Path(__file__).parents[1] / "data" / "rgbd_frames.json"
PRIMESENSE = (525.0, 525.0, 319.5, 239.5)
CLASSES = {
    6: "baby wipes",
    13: "scissors",
    17: "socks",
    19: "ice cube tray",
    20: "soap",
    21: "book",
    23: "measuring spoons",
    25: "mouse traps",
}
"""The objects of the arc2017 frame among its class numbers."""


@dataclass(frozen=True)
class Frame:
    """A picture with measured depth and the instances that were outlined in it.

    Attributes:
        image: (480, 640, 3) uint8.
        depth: (480, 640) metres, 0 = unknown.
        instances: (480, 640), k = ``names[k - 1]``.
        names: what the relations call each instance.
        labels: noun of each instance.
        camera: with the sensor's intrinsics.
        up: (3,) unit vector in the camera frame by the marked vertical edges, None without any.
        relations: (subject name, predicate, object name).
    """

    image: np.ndarray
    depth: np.ndarray
    instances: np.ndarray
    names: list[str]
    labels: list[str]
    camera: Camera
    up: np.ndarray | None
    relations: list[tuple[str, str, str]]


def read_frames(shared: Path) -> dict[str, Frame]:
    """All five frames by name."""
    seen = json.loads(ANNOTATIONS.read_text())["frames"]
    folder = shared / "rgbd"
    frames = {}
    for name, annotation in seen.items():
        if name == "arc2017":
            frames[name] = _arc2017(folder / name, annotation)
        else:
            colour, depth = _READERS[name.partition("-")[0]](folder, name)
            frames[name] = _outlined(colour, depth, annotation)
    return frames


def _outlined(colour: np.ndarray, depth: np.ndarray, annotation: dict) -> Frame:
    objects = annotation["objects"]
    canvas = Image.new("L", (640, 480))
    pen = ImageDraw.Draw(canvas)
    areas = {name: _area(item["outlines"]) for name, item in objects.items()}
    names = list(objects)
    for name in sorted(names, key=lambda each: -areas[each]):
        for outline in objects[name]["outlines"]:
            pen.polygon([tuple(point) for point in outline], fill=names.index(name) + 1)
    camera = Camera(intrinsics=PRIMESENSE, source="given")
    return Frame(
        image=colour,
        depth=depth,
        instances=np.array(canvas),
        names=names,
        labels=[objects[name]["label"] for name in names],
        camera=camera,
        up=_up(np.array(annotation["verticals"], float), PRIMESENSE),
        relations=[tuple(triplet) for triplet in annotation["relations"]],
    )


def _arc2017(folder: Path, annotation: dict) -> Frame:
    with np.load(folder / "data.npz") as data:
        matrix = json.loads((folder / "camera_info.json").read_text())["K"]
        intrinsics = (matrix[0], matrix[4], matrix[2], matrix[5])
        instances = np.zeros(data["depth"].shape, np.uint8)
        for number, mask in enumerate(data["masks"], start=1):
            instances[mask == 1] = number
        names = [CLASSES[label] for label in data["labels"].tolist()]
        return Frame(
            image=data["rgb"],
            depth=np.nan_to_num(data["depth"]),
            instances=instances,
            names=names,
            labels=names,
            camera=Camera(pitch_deg=annotation["pitch_deg"], intrinsics=intrinsics, source="given"),
            up=None,
            relations=[tuple(triplet) for triplet in annotation["relations"]],
        )


def _redwood(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    number = f"0000{name[-1]}"
    return _picture(folder / "redwood" / f"{number}.jpg"), _levels(
        folder / "redwood" / f"{number}.png"
    ) / 1000


def _tum(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    return _picture(folder / "tum" / "TUM_color.png"), _levels(
        folder / "tum" / "TUM_depth.png"
    ) / 5000


def _nyu(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    raw = _levels(folder / "nyu" / "NYU_depth.pgm").astype(np.uint16).byteswap().astype(float)
    depth = np.where(raw < 1084, 351.3 / (1092.5 - np.minimum(raw, 1084)), 0)
    return _picture(folder / "nyu" / "NYU_color.ppm"), depth


_READERS = {"redwood": _redwood, "tum": _tum, "nyu": _nyu}


def _picture(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _levels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture, dtype=np.float64)


def _area(outlines: list) -> float:
    """Shoelace formula."""
    total = 0.0
    for outline in outlines:
        x, y = np.array(outline, float).T
        total += abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    return total


def _up(edges: np.ndarray, intrinsics: tuple[float, float, float, float]) -> np.ndarray:
    """The direction that all edges (n, 4) share in space: least squares over their view planes."""
    fx, fy, cx, cy = intrinsics
    ends = edges.reshape(-1, 2, 2)
    rays = np.stack(
        [(ends[..., 0] - cx) / fx, (cy - ends[..., 1]) / fy, np.ones(ends.shape[:2])], axis=-1
    )
    planes = np.cross(rays[:, 0], rays[:, 1])
    planes /= np.linalg.norm(planes, axis=1, keepdims=True)
    direction = np.linalg.svd(planes)[2][-1]
    return direction * np.sign(direction[1])


def recalled(frame: Frame, graph: SceneGraph) -> int:
    """How many of the relations that a person sees are in the graph."""
    visible = [k for k in range(len(frame.names)) if (frame.instances == k + 1).any()]
    number = {frame.names[k]: place for place, k in enumerate(visible)}
    found = {(each.subject, each.predicate, each.object) for each in graph.relations}
    return sum((number[s], predicate, number[o]) in found for s, predicate, o in frame.relations)
