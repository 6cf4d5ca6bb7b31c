"""``spatial-dual draw``: text → image."""

import io
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from spatial_dual.commands.errors import CommandError
from spatial_dual.commands.inputs import checked_text, load_model, load_parser, parse_texts
from spatial_dual.commands.outputs import check_replaceable, say, warn
from spatial_dual.printing import printable

if TYPE_CHECKING:
    from PIL.Image import Image

    from spatial_dual.scene.graph import SceneGraph
    from spatial_dual.scene.vocabulary import Vocabulary


def run(options: Namespace) -> None:
    """Draw the text ``num`` times; prints the files, and says what of the text was understood."""
    from PIL.Image import fromarray

    text = checked_text(options.text)
    paths = _paths(options.output, options.num)
    for path in (*paths, *(map(_boxed, paths) if options.show_graph else ())):
        check_replaceable(path)
    model = load_model(options.model, options.allow_hub)
    if options.parser is not None:
        model.parser = load_parser(options.parser)
    stated = parse_texts(model.parser, [text])[0]
    problems = _problems(text, stated, model.parts.vocabulary)
    if options.strict and problems:
        raise CommandError(f"{'; '.join(problems)}; leave --strict out to draw the rest")
    warn(f"spatial-dual draw: {'; '.join([*_understood(stated), *problems])}")
    drawings = model.draw(
        [text] * options.num, steps=options.steps, guidance=options.guidance, seed=options.seed
    )
    for path, drawing in zip(paths, drawings, strict=True):
        _save(fromarray(drawing.image), path)
        say(printable(path))
        if options.show_graph:
            from spatial_dual.figures.boxes import with_boxes
            from spatial_dual.figures.listing import listing

            _save(with_boxes(drawing.image, drawing.graph, side=512), _boxed(path))
            say(f"{printable(_boxed(path))}\n\ngraph of the text\n{listing(drawing.initial)}\n")
            say(f"3D graph that is drawn\n{listing(drawing.graph)}\n")


def _understood(stated: "SceneGraph") -> list[str]:
    from spatial_dual.parsing.summary import understood

    said = understood(stated)
    return [f"understood: {printable(said)}" if said else "understood nothing", *stated.notes]


def _problems(text: str, stated: "SceneGraph", vocabulary: "Vocabulary") -> list[str]:
    """What of a text will not be in the picture, and why; empty if all of it can be."""
    from spatial_dual.parsing.summary import not_understood

    if not stated.objects:
        return ["no object was found in the text, so the picture shows anything"]
    unread, unknown = not_understood(text, stated), vocabulary.unknown(stated)
    return [
        f"{reason}: {', '.join(map(printable, words))}"
        for reason, words in (
            ("not understood", unread),
            ("not in the training data, so not drawn", unknown),
        )
        if words
    ]


def _paths(output: Path, count: int) -> list[Path]:
    if not _format(output):
        raise CommandError(f"{output}: name a picture file such as out.png")
    if count == 1:
        return [output]
    return [output.with_name(f"{output.stem}-{k}{output.suffix}") for k in range(1, count + 1)]


def _boxed(path: Path) -> Path:
    return path.with_suffix(f".graph{path.suffix}")


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

    check_replaceable(path)  # drawing took a while
    encoded = io.BytesIO()
    try:
        picture.save(encoded, _format(path))
        write_file(path, encoded.getvalue())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"{path}: cannot be written: {reason}") from error
