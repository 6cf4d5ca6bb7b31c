"""``spatial-dual describe``: images → texts."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from spatial_dual.commands.errors import CommandError
from spatial_dual.commands.inputs import load_model, read_picture
from spatial_dual.commands.outputs import say, warn
from spatial_dual.commands.views import camera_of
from spatial_dual.printing import json_line, printable

if TYPE_CHECKING:
    import numpy as np

    from spatial_dual.perception.camera import Camera


def run(options: Namespace) -> None:
    """Describe each image on a line of its own; with several, the file comes first.

    Files that cannot be read are named on standard error, and fail the command at the end.
    """
    import numpy as np

    model = load_model(options.model, options.allow_hub)
    images, unreadable = _read(options, model.image_size, model.parts.fov_deg)
    for problem in unreadable:
        warn(problem)
    if images:
        pixels = np.stack([image for _, image, _ in images])
        cameras = [camera for *_, camera in images]
        asked = {"steps": options.steps, "seed": options.seed}
        found = model.describe(pixels, cameras=cameras, **asked)
        for (path, *_), item in zip(images, found, strict=True):
            if options.json:
                graphs = {"initial": item.initial.to_dict(), "completed": item.graph.to_dict()}
                row = {"image": str(path), "text": item.text, **graphs}
                say(json_line(row))
            else:
                say(printable(item.text if len(options.images) == 1 else f"{path}: {item.text}"))
    if unreadable:
        raise CommandError(f"{len(unreadable)} of {len(options.images)} images cannot be read")


def _read(
    options: Namespace, size: int, fov_deg: float
) -> "tuple[list[tuple[Path, np.ndarray, Camera]], list[str]]":
    """Each readable file with its square pixels and camera, and what is wrong with the others."""
    from spatial_dual.datasets.images import UnreadableImageError

    images: list[tuple[Path, np.ndarray, Camera]] = []
    unreadable = []
    for path in options.images:
        try:
            opened, pixels, crop = read_picture(path, size)
            images.append((path, pixels, camera_of(options, opened, crop, fov_deg)))
        except UnreadableImageError as error:
            unreadable.append(str(error))
    return images, unreadable
