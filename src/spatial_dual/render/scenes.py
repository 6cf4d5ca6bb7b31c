"""Scenes as records: picture, depth, instances, gold 3D scene graph and captions.

``render_scene(seed, split, index)`` is a pure function: a scene depends on nothing else, so any
number of workers and any chunking give the same bytes.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spatial_dual.render.captions import write_captions
from spatial_dual.render.layout import sample_world
from spatial_dual.render.raycast import Hits, cast
from spatial_dual.render.salience import tellable_facts
from spatial_dual.render.shading import shade
from spatial_dual.render.splits import (
    SPLITS,
    held_out_facts,
    is_novel,
    with_held_out,
    without_held_out,
)
from spatial_dual.render.world import Thing, World
from spatial_dual.scene.graph import Box3D, Relation, SceneGraph, SceneObject
from spatial_dual.scene.relations import relations_of
from spatial_dual.seeding import derive_seed

_ARRAYS = ("image", "depth", "instances")


def render_scene(
    seed: int, split: str, index: int, size: int = 128, short: int = 2, detailed: int = 2
) -> dict[str, Any]:
    """Scene ``index`` of a split as one record.

    Args:
        seed: of the data set.
        split: "train", "val" or "test".
        index: from 0.
        size: height and width of the picture in pixels.
        short, detailed: captions of each style.

    Returns:
        id, image (size, size, 3) uint8, depth (size, size) float16 in metres, instances
        (size, size) uint8, labels, camera (JSON), graph (JSON), captions, place.

    Raises:
        ValueError: unknown split.
    """
    if split not in SPLITS:
        raise ValueError(f"split: no split {split!r}; there are {', '.join(SPLITS)}")
    world, hits, graph = _compose(seed, split, index, size)
    words = np.random.default_rng(derive_seed(seed, "captions", split, index))
    prefer = held_out_facts(graph) if is_novel(split, index) else ()
    captions = write_captions(graph, words, short, detailed, prefer)
    return {
        "id": f"{split}-{index:07d}",
        "image": shade(world, hits),
        "depth": hits.depth.astype(np.float16),
        "instances": hits.instances,
        "labels": [thing.kind.name for thing in world.things],
        "camera": json.dumps(world.camera.to_dict()),
        "graph": graph.to_json(),
        "captions": [caption.text for caption in captions],
        "place": world.shell.room.name,
    }


def render_chunk(
    seed: int, split: str, indices: Sequence[int], size: int, short: int = 2, detailed: int = 2
) -> dict[str, Any]:
    """Records of several scenes as columns; arrays are stacked, the rest are lists."""
    records = [render_scene(seed, split, index, size, short, detailed) for index in indices]
    return {
        name: np.stack([record[name] for record in records])
        if name in _ARRAYS
        else [record[name] for record in records]
        for name in records[0]
    }


def _compose(seed: int, split: str, index: int, size: int) -> tuple[World, Hits, SceneGraph]:
    """Draw worlds until one suits the split."""
    attempt = 0
    while True:
        generator = np.random.default_rng(derive_seed(seed, "scenes", split, index, attempt))
        attempt += 1
        world = sample_world(generator)
        if world is None:
            continue
        hits = cast(world, size)
        nodes = _nodes(world.things, hits)
        relations = relations_of(nodes, "gold")
        if not tellable_facts(SceneGraph(objects=nodes, relations=relations)):
            continue  # one thing hides all others: no caption could say anything
        things: tuple[Thing, ...] | None
        if is_novel(split, index):
            things = with_held_out(world.things, relations, hits.visibility.tolist(), generator)
        else:
            things = without_held_out(world.things, relations, generator)
        if things is not None:
            return replace(world, things=things), hits, _graph(world, things, hits, relations)


def _graph(
    world: World, things: Sequence[Thing], hits: Hits, relations: tuple[Relation, ...]
) -> SceneGraph:
    """The gold 3DSG: every thing, hidden ones too, with all its relations and the place."""
    return SceneGraph(
        objects=_nodes(things, hits), relations=relations, place=world.shell.room.name
    )


def _nodes(things: Sequence[Thing], hits: Hits) -> tuple[SceneObject, ...]:
    rows = zip(things, hits.regions.tolist(), hits.visibility.tolist(), strict=True)
    return tuple(_node(thing, region, visibility) for thing, region, visibility in rows)


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
