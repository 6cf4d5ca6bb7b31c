"""``spatial-dual draw``: text → image."""

import io
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from spatial_dual.commands.errors import CommandError
from spatial_dual.commands.inputs import checked_text, load_model

if TYPE_CHECKING:
    from PIL.Image import Image

    from spatial_dual.scene.graph import SceneGraph
    from spatial_dual.scene.vocabulary import Vocabulary


def run(options: Namespace) -> None:
    """Draw the text ``num`` times; prints the files, and what of the text cannot be drawn."""
    from PIL.Image import fromarray

    text = checked_text(options.text)
    paths = _paths(options.output, options.num)
    model = load_model(options.model)
    drawings = model.draw(
        [text] * options.num, steps=options.steps, guidance=options.guidance, seed=options.seed
    )
    if warning := _not_drawn(drawings[0].initial, model.parts.vocabulary):
        print(f"spatial-dual draw: {warning}", file=sys.stderr)
    for path, drawing in zip(paths, drawings, strict=True):
        _save(fromarray(drawing.image), path)
        print(path)
        if options.show_graph:
            from spatial_dual.figures.boxes import with_boxes
            from spatial_dual.figures.listing import listing

            boxed = path.with_suffix(f".graph{path.suffix}")
            _save(with_boxes(drawing.image, drawing.graph, side=512), boxed)
            print(f"{boxed}\n\ngraph of the text\n{listing(drawing.initial)}\n")
            print(f"3D graph that is drawn\n{listing(drawing.graph)}\n")


def _not_drawn(stated: "SceneGraph", vocabulary: "Vocabulary") -> str:
    """What of the graph of a text the model has no word for; "" if it knows all."""
    if not stated.objects:
        return "no object was found in the text, so the picture shows anything"
    unknown = vocabulary.unknown(stated)
    return f"not in the training data, so not drawn: {', '.join(unknown)}" if unknown else ""


def _paths(output: Path, count: int) -> list[Path]:
    if not _format(output):
        raise CommandError(f"{output}: name a picture file such as out.png")
    if not output.parent.is_dir():
        raise CommandError(f"{output}: there is no folder {output.parent}")
    paths = [output.with_name(f"{output.stem}-{k}{output.suffix}") for k in range(1, count + 1)]
    paths = [output] if count == 1 else paths
    for path in paths:
        if path.is_dir():
            raise CommandError(f"{path}: is a folder; name a file in it, such as {path}/out.png")
    return paths


def _format(path: Path) -> str | None:
    """Pillow's format of a file of this name; None if Pillow writes no such file in colour."""
    from PIL import Image

    image_format = Image.registered_extensions().get(path.suffix.lower())
    try:
        Image.new("RGB", (1, 1)).save(io.BytesIO(), image_format)
    except (KeyError, OSError, ValueError):  # Pillow reads that format only, or in other modes
        return None
    return image_format


def _save(picture: "Image", path: Path) -> None:
    """Write the whole picture or nothing."""
    from spatial_dual.datasets.folders import write_file

    encoded = io.BytesIO()
    try:
        picture.save(encoded, _format(path))
        write_file(path, encoded.getvalue())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"{path}: cannot be written: {reason}") from error
