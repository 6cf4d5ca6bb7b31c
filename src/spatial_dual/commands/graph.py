"""``spatial-dual graph``: texts or an image → scene graphs, one JSON a line."""

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from spatial_dual.commands.errors import CommandError
from spatial_dual.commands.inputs import (
    checked_text,
    load_model,
    load_parser,
    parse_texts,
    read_lines,
    read_picture,
)
from spatial_dual.commands.outputs import say
from spatial_dual.commands.views import names_depth, names_instances, read_view
from spatial_dual.printing import json_line

if TYPE_CHECKING:
    from spatial_dual.scene.graph import SceneGraph

_BATCH = 256
_SIDE = 480
"""Pixels of the square that is looked at where the trained network has no part in it."""


def run(options: Namespace) -> None:
    """Print the graphs in the order of the texts."""
    _check(options)
    graphs = _of_texts(options) if options.image is None else _of_image(options)
    for graph in graphs:
        say(json_line(graph.to_dict()))


def _check(options: Namespace) -> None:
    named = names_depth(options) or names_instances(options)
    if options.image is None and (named or options.intrinsics):
        raise CommandError("--depth, --instances and what belongs to them go with --image")
    if options.depth is None and options.depth_unit is not None:
        raise CommandError("--depth-unit goes with --depth")
    if options.image is not None and options.parser is not None:
        raise CommandError("--parser goes with --text or --texts")
    if not named and (options.intrinsics or options.fov or options.pitch is not None):
        raise CommandError("--intrinsics, --fov and --pitch go with --depth or --depth-model")
    if options.find and not options.instance_model:
        raise CommandError("--find goes with --instance-model")
    if options.depth_unit is not None and not 0 < options.depth_unit < float("inf"):
        raise CommandError(f"--depth-unit must be metres above 0, got {options.depth_unit}")


def _of_texts(options: Namespace) -> "Iterator[SceneGraph]":
    if options.text is not None:
        texts = [checked_text(options.text)]
    else:
        # a blank line gives an empty graph, so that graphs and lines stay side by side
        texts = [
            checked_text(line, f"{options.texts}, line {number}") if line.strip() else ""
            for number, line in enumerate(read_lines(options.texts), start=1)
        ]
    model = load_model(options.model, options.allow_hub) if options.completed else None
    parser = load_parser(options.parser)
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        graphs = parse_texts(parser, batch)
        if model is not None:
            graphs = model.complete(graphs, texts=batch, steps=options.steps, seed=options.seed)
        yield from graphs


def _of_image(options: Namespace) -> "Iterator[SceneGraph]":
    """The VSG by the trained network or, where depth or instances are named, the 3DSG by depth."""
    from spatial_dual.datasets.images import UnreadableImageError
    from spatial_dual.perception.camera import ASSUMED_FOV_DEG
    from spatial_dual.perception.size_prior import SizePrior

    if names_depth(options) and names_instances(options) and not options.completed:
        view = read_view(options, _SIDE, None, ASSUMED_FOV_DEG)
        yield view.depth_graph(SizePrior())
        return
    model = load_model(options.model, options.allow_hub)
    try:
        images = read_picture(options.image, model.image_size)[1][None]
    except UnreadableImageError as error:
        raise CommandError(str(error)) from error
    if names_depth(options) or names_instances(options):
        view = read_view(options, model.image_size, model.perceiver, model.parts.fov_deg)
        initial = [view.depth_graph(model.parts.size_prior)]
    else:
        initial = model.initial_from_images(images)
    if options.completed:
        initial = model.complete(initial, images=images, steps=options.steps, seed=options.seed)
    yield from initial
