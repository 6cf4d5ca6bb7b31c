"""``spatial-dual draw``: text → image."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from spatial_dual.commands.errors import CommandError
from spatial_dual.commands.inputs import checked_text, load_model

if TYPE_CHECKING:
    from PIL.Image import Image


def run(options: Namespace) -> None:
    """Draw the text ``num`` times; prints the files."""
    from PIL.Image import fromarray

    text = checked_text(options.text)
    paths = _paths(options.output, options.num)
    model = load_model(options.model)
    drawings = model.draw(
        [text] * options.num, steps=options.steps, guidance=options.guidance, seed=options.seed
    )
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


def _paths(output: Path, count: int) -> list[Path]:
    from PIL.Image import registered_extensions

    if output.suffix.lower() not in registered_extensions():
        raise CommandError(f"{output}: name a picture file such as out.png")
    if not output.parent.is_dir():
        raise CommandError(f"{output}: there is no folder {output.parent}")
    if count == 1:
        return [output]
    return [output.with_name(f"{output.stem}-{k}{output.suffix}") for k in range(1, count + 1)]


def _save(picture: "Image", path: Path) -> None:
    try:
        picture.save(path)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: cannot be written: {error}") from error
