"""True and false statements about real photographs (VSR), and graphs by depth to judge them."""

import gzip
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from spatial_dual.datasets.photos.rle import decode_rle
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.hub.drawing import draw_instances
from spatial_dual.perception.hub.instances import Found
from spatial_dual.perception.lift import depth_graph
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.scene.graph import SceneGraph

DECIDABLE = {
    "at the left side of": "to the left of",
    "left of": "to the left of",
    "at the right side of": "to the right of",
    "right of": "to the right of",
    "in front of": "in front of",
    "ahead of": "in front of",
    "behind": "behind",
    "at the back of": "behind",
    "above": "above",
    "over": "above",
    "below": "under",
    "beneath": "under",
    "under": "under",
    "on": "on",
    "on top of": "on",
    "in": "in",
    "inside": "in",
    "next to": "next to",
    "beside": "next to",
}
"""VSR's relations that depth decides, as ours."""
MOST_INSTANCES = 32


@dataclass(frozen=True)
class Statement:
    """``subject predicate object`` of a photo, and whether people hold it true."""

    photo: str
    subject: str
    predicate: str
    object: str
    holds: bool

    def is_said_by(self, graph: SceneGraph) -> bool:
        return (self.subject, self.predicate, self.object) in graph.triplets()


def read_statements(shared: Path) -> list[Statement]:
    """The decidable statements whose photo is in ``coco_rgbd``."""
    photos = set(_table(shared, ["id"]).column("id").to_pylist())
    statements = []
    for part in ("train", "dev"):
        with gzip.open(shared / "vsr" / f"{part}.jsonl.gz", "rt") as lines:
            for row in map(json.loads, lines):
                photo, predicate = Path(row["image"]).stem, DECIDABLE.get(row["relation"])
                said = re.fullmatch(
                    rf"The (.+) is {re.escape(row['relation'])} the (.+)\.", row["caption"]
                )
                if photo in photos and predicate and said:
                    statements.append(
                        Statement(photo, said[1], predicate, said[2], row["label"] == 1)
                    )
    return statements


def graphs_by_depth(shared: Path, photos: set[str]) -> Iterator[tuple[str, SceneGraph]]:
    """3DSG of each photo from its predicted depth and its boxes and masks, by id."""
    for row in _table(shared).to_pylist():
        if row["id"] in photos:
            depth = _metres(row)
            found = [_found(each, depth.shape) for each in json.loads(row["instances"])]
            instances, labels, scores = draw_instances(found, depth, MOST_INSTANCES)
            yield (
                row["id"],
                depth_graph(depth, instances, labels, Camera(), SizePrior(), scores=scores),
            )


def _table(shared: Path, columns: list[str] | None = None):
    return pq.read_table(sorted((shared / "coco_rgbd").glob("*.parquet")), columns=columns)


def _metres(row: dict) -> np.ndarray:
    with Image.open(io.BytesIO(row["depth"])) as picture:
        codes = np.asarray(picture)
    low, high = row["depth_min_m"], row["depth_max_m"]
    return np.where(codes > 0, low * (high / low) ** ((codes - 1.0) / 254), 0)


def _found(instance: dict, shape: tuple[int, int]) -> Found:
    height, width = shape
    box = np.array(instance["box"]) * [width, height, width, height]
    code = instance["mask_rle"]
    mask = decode_rle(code, height, width) if code else None
    return Found(instance["label"], instance["score"], tuple(box.tolist()), mask)
