"""A picture with depth and instances, each given, by a named model, or by the trained network."""

from argparse import Namespace
from typing import TYPE_CHECKING

from spatial_dual.commands.errors import CommandError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from spatial_dual.datasets.images import Crop
    from spatial_dual.perception.camera import Camera
    from spatial_dual.perception.perceiver import Perceiver
    from spatial_dual.perception.record_graphs import View

THRESHOLD = 0.3
MOST_INSTANCES = 24


def names_instances(options: Namespace) -> bool:
    """Whether the options say where instances come from."""
    return options.instances is not None or options.instance_model is not None


def names_depth(options: Namespace) -> bool:
    """Whether the options say where depth comes from."""
    return options.depth is not None or options.depth_model is not None


def read_view(
    options: Namespace, size: int, perceiver: "Perceiver | None", assumed_fov_deg: float
) -> "View":
    """Depth and instances of ``--image``; what the options do not name, the perceiver sees.

    Args:
        options: of ``spatial-dual graph``.
        size: side of the square that is looked at.
        perceiver: needed unless both are named.
        assumed_fov_deg: vertical, where neither the options nor EXIF tell it.

    Raises:
        CommandError: a file or model that cannot be used.
    """
    from spatial_dual.commands.inputs import read_picture
    from spatial_dual.perception.appearance import appearance
    from spatial_dual.perception.record_graphs import View

    try:
        picture, pixels, crop = read_picture(options.image, size)
        camera = camera_of(options, picture, crop, assumed_fov_deg)
        seen = perceiver.perceive(pixels[None]) if perceiver is not None else None
        depth = _depth(options, pixels, crop)
        if depth is None and seen is not None:
            depth = seen.depth[0]
        if depth is None:
            raise CommandError("say where depth comes from: --depth or --depth-model")
        if names_instances(options):
            instances, labels, scores = _instances(options, pixels, depth, crop)
            words = appearance(pixels, instances, len(labels))
        elif seen is not None:
            instances, labels, scores = seen.instances[0], seen.labels[0], seen.scores[0]
            words = seen.attributes[0]
        else:
            raise CommandError("say where instances come from: --instances or --instance-model")
    except ValueError as error:
        raise CommandError(str(error)) from error
    return View(depth, instances, labels, words, scores, camera)


def camera_of(
    options: Namespace, picture: "Image", crop: "Crop", assumed_fov_deg: float
) -> "Camera":
    """Given intrinsics, a given field of view, EXIF's, or the assumed one."""
    import math
    from dataclasses import replace

    from spatial_dual.perception.camera import Camera

    if options.intrinsics is not None:
        intrinsics = crop.intrinsics(options.intrinsics)
        return Camera(pitch_deg=options.pitch, intrinsics=intrinsics, source="given")
    if options.fov is not None:
        half = math.tan(math.radians(options.fov) / 2) * crop.side / crop.height
        fov = math.degrees(2 * math.atan(half))
        return Camera(fov, pitch_deg=options.pitch, source="given")
    camera = Camera.of_photograph(picture, crop, assumed_fov_deg)
    if options.pitch is not None:
        return replace(camera, pitch_deg=options.pitch, source="given")
    return camera


def _depth(options: Namespace, pixels: "np.ndarray", crop: "Crop") -> "np.ndarray | None":
    if options.depth is not None:
        from spatial_dual.datasets.depth_maps import read_depth

        return read_depth(options.depth, options.depth_unit or 0.001, crop)
    if options.depth_model is not None:
        from spatial_dual.devices import choose_device
        from spatial_dual.perception.hub.depth import load_depth_model

        model = load_depth_model(options.depth_model, choose_device("auto"))
        return model.estimate(pixels[None])[0]
    return None


def _instances(
    options: Namespace, pixels: "np.ndarray", depth: "np.ndarray", crop: "Crop"
) -> "tuple[np.ndarray, list[str], list[float] | None]":
    if options.instances is not None:
        from spatial_dual.datasets.limits import TEXT_BYTES
        from spatial_dual.datasets.photos.instances import paint, read_instances
        from spatial_dual.datasets.reading import read_bytes
        from spatial_dual.datasets.text_files import decode_text

        try:
            text = decode_text(read_bytes(options.instances, TEXT_BYTES), options.instances)
            given = read_instances(text)
            drawn, order = paint(given, crop, MOST_INSTANCES)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CommandError(f"{options.instances}: {reason}") from error
        return drawn, [given[index]["label"] for index in order], None
    from spatial_dual.devices import choose_device
    from spatial_dual.perception.hub.drawing import draw_instances
    from spatial_dual.perception.hub.instances import load_instance_model

    labels = [label.strip() for label in (options.find or "").split(",") if label.strip()]
    model = load_instance_model(options.instance_model, choose_device("auto"), labels)
    return draw_instances(model.find(pixels[None], THRESHOLD)[0], depth, MOST_INSTANCES)
