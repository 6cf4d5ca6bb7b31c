"""A folder laid out as VSD, with rendered pictures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import SPATIAL_PREDICATES, SceneGraph


def vsd_box(instances: np.ndarray, number: int) -> list[int]:
    """[y0, y1, x0, x1] of an instance's pixels."""
    rows, columns = np.nonzero(instances == number)
    return [int(v) for v in (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)]


def vsd_rows(split: str, count: int, size: int) -> list[tuple[dict[str, Any], np.ndarray]]:
    """Annotation and picture of rendered scenes in which something visible is related."""
    rows: list[tuple[dict[str, Any], np.ndarray]] = []
    index = 0
    while len(rows) < count:
        scene = render_scene(3, split, index, size)
        index += 1
        graph = SceneGraph.from_json(scene["graph"])
        seen = set(np.unique(scene["instances"]).tolist())
        triples = [
            {
                "s": graph.objects[r.subject].label,
                "p": r.predicate,
                "o": graph.objects[r.object].label,
                "s_bbox": vsd_box(scene["instances"], r.subject + 1),
                "o_bbox": vsd_box(scene["instances"], r.object + 1),
            }
            for r in graph.relations
            if r.predicate in SPATIAL_PREDICATES and {r.subject + 1, r.object + 1} <= seen
        ]
        if triples:
            name = f"{split}{index}"
            annotation = {"img_id": name, "triple_list": triples[:3], "captions": scene["captions"]}
            rows.append((annotation, scene["image"]))
    return rows


def make_vsd(folder: Path, counts: dict[str, int], size: int = 64) -> tuple[Path, Path]:
    """Folders of the annotations and of the images, which lie in two subfolders."""
    annotations, images = folder / "VSDv1", folder / "images"
    annotations.mkdir()
    for part in ("VG_100K", "VG_100K_2"):
        (images / part).mkdir(parents=True)
    for split, count in counts.items():
        rows = vsd_rows(split, count, size)
        for number, (annotation, pixels) in enumerate(rows):
            part = ("VG_100K", "VG_100K_2")[number % 2]
            Image.fromarray(pixels).save(images / part / f"{annotation['img_id']}.png")
        body = json.dumps([annotation for annotation, _ in rows])
        (annotations / f"{split}.json").write_text(body)
    return annotations, images
