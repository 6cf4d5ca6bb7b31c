"""``spatial-dual graph``: texts or an image → scene graphs, one JSON a line."""

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from spatial_dual.commands.errors import CommandError
from spatial_dual.commands.inputs import checked_text, load_model, read_lines

if TYPE_CHECKING:
    import numpy as np

    from spatial_dual.datasets.images import Crop
    from spatial_dual.models.spatial_dual import SpatialDual
    from spatial_dual.scene.graph import SceneGraph

_BATCH = 256


def run(options: Namespace) -> None:
    """Print the graphs in the order of the texts."""
    _check(options)
    graphs = _of_texts(options) if options.image is None else _of_image(options)
    for graph in graphs:
        print(graph.to_json())


def _check(options: Namespace) -> None:
    if options.image is None and (options.depth or options.intrinsics):
        raise CommandError("--depth and --intrinsics go with --image")
    if options.depth is None and options.depth_unit is not None:
        raise CommandError("--depth-unit goes with --depth")
    if options.depth is None and options.intrinsics:
        raise CommandError("--intrinsics go with --depth")
    if options.depth_unit is not None and not 0 < options.depth_unit < float("inf"):
        raise CommandError(f"--depth-unit must be metres above 0, got {options.depth_unit}")


def _of_texts(options: Namespace) -> "Iterator[SceneGraph]":
    from spatial_dual.parsing.lexicon_parser import LexiconParser

    if options.text is not None:
        texts = [checked_text(options.text)]
    else:
        # a blank line gives an empty graph, so that graphs and lines stay side by side
        texts = [
            checked_text(line, f"{options.texts}, line {number}") if line.strip() else ""
            for number, line in enumerate(read_lines(options.texts), start=1)
        ]
    model = load_model(options.model) if options.completed else None
    parser = LexiconParser() if model is None else model.parser
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        graphs = parser.parse(batch)
        if model is not None:
            seed = options.seed + start
            graphs = model.complete(graphs, texts=batch, steps=options.steps, seed=seed)
        yield from graphs


def _of_image(options: Namespace) -> "Iterator[SceneGraph]":
    from spatial_dual.datasets.images import UnreadableImageError, read_depth, read_square

    model = load_model(options.model)
    try:
        pixels, crop = read_square(options.image, model.image_size)
        if options.depth:
            depth = read_depth(options.depth, options.depth_unit or 0.001, crop)
    except UnreadableImageError as error:
        raise CommandError(str(error)) from error
    images = pixels[None]
    if options.depth:
        initial = [_depth_graph(model, images, depth, crop, options.intrinsics)]
    else:
        initial = model.initial_from_images(images)
    if options.completed:
        initial = model.complete(initial, images=images, steps=options.steps, seed=options.seed)
    yield from initial


def _depth_graph(
    model: "SpatialDual",
    images: "np.ndarray",
    depth: "np.ndarray",
    crop: "Crop",
    intrinsics: tuple[float, float, float, float] | None,
) -> "SceneGraph":
    """3D graph of perceived instances and given depth."""
    from spatial_dual.perception.camera import Camera
    from spatial_dual.perception.lift import depth_graph

    if not depth.any():
        raise CommandError("the depth is 0 or unknown everywhere; is --depth-unit right?")
    seen = model.perceiver.perceive(images)
    camera = Camera()
    if intrinsics is not None:
        camera = Camera(intrinsics=crop.intrinsics(intrinsics), source="given")
    return depth_graph(
        depth,
        seen.instances[0],
        seen.labels[0],
        camera,
        model.parts.size_prior,
        seen.attributes[0],
        seen.scores[0],
    )
