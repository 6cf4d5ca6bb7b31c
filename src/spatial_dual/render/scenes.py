"""Scenes as records: picture, depth, instances, gold 3D scene graph and captions.

``render_scene(seed, split, index)`` is a pure function: a scene depends on nothing else, so any
number of workers and any chunking give the same bytes.
"""

import json
from typing import Any

import numpy as np

from spatial_dual.render.layout import sample_world
from spatial_dual.render.raycast import Hits, cast
from spatial_dual.render.shading import shade
from spatial_dual.render.world import Thing, World
from spatial_dual.scene.graph import Box3D, SceneGraph, SceneObject
from spatial_dual.scene.relations import relations_of
from spatial_dual.seeding import derive_seed


def render_scene(seed: int, split: str, index: int, size: int = 128) -> dict[str, Any]:
    """Scene ``index`` of a split as one record.

    Args:
        seed: of the data set.
        split: "train", "val" or "test".
        index: from 0.
        size: height and width of the picture in pixels.

    Returns:
        id, image (size, size, 3) uint8, depth (size, size) float16 metres, instances (size, size)
        uint8, labels, camera (JSON), graph (JSON), captions, place.
    """
    world, hits = None, None
    attempt = 0
    while world is None:
        generator = np.random.default_rng(derive_seed(seed, "scenes", split, index, attempt))
        world = sample_world(generator)
        attempt += 1
    hits = cast(world, size)
    graph = gold_graph(world, hits)
    return {
        "id": f"{split}-{index:07d}",
        "image": shade(world, hits),
        "depth": hits.depth.astype(np.float16),
        "instances": hits.instances,
        "labels": [thing.kind.name for thing in world.things],
        "camera": json.dumps(world.camera.to_dict()),
        "graph": graph.to_json(),
        "captions": [],
        "place": world.shell.room.name,
    }


def gold_graph(world: World, hits: Hits) -> SceneGraph:
    """The gold 3DSG: every thing, hidden ones too, with all its relations and the place."""
    objects = tuple(
        _node(thing, region, visibility)
        for thing, region, visibility in zip(
            world.things, hits.regions.tolist(), hits.visibility.tolist(), strict=True
        )
    )
    return SceneGraph(
        objects=objects, relations=relations_of(objects, "gold"), place=world.shell.room.name
    )


def _node(thing: Thing, region: list[float], visibility: float) -> SceneObject:
    x, y, z = (round(value, 4) for value in thing.center)
    width, height, depth = (round(value, 4) for value in thing.extent)
    x0, y0, x1, y1 = (round(value, 4) for value in region)
    return SceneObject(
        label=thing.kind.name,
        attributes=(thing.colour, thing.material, thing.size, thing.pose),
        box=Box3D(center=(x, y, z), size=(width, height, depth), yaw=round(thing.yaw, 4)),
        region=(x0, y0, x1, y1),
        visibility=round(visibility, 4),
    )
