"""Arguments of the ``spatial-dual`` command; each subcommand is a module, imported when it runs.

Results go to standard output, everything else to standard error.
"""

import math
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from importlib import import_module
from pathlib import Path
from typing import Any

from spatial_dual.commands import outputs
from spatial_dual.commands.errors import CommandError
from spatial_dual.printing import printable
from spatial_dual.threads import share_cores

MODEL_VARIABLE = "SPATIAL_DUAL_MODEL"
DEFAULT_MODEL = Path("data/06_models/spatial_dual")
MOST_DRAWINGS = 1000
MOST_GUIDANCE = 1000
"""Far above what is of use; further up, logits overflow."""

_ABOUT = "Draw what a text says about space, and say what an image shows of it."
_EXAMPLES = """examples:
  spatial-dual draw "a red cup on a table" -o out.png --num 4 --show-graph
  spatial-dual describe photo.jpg
  spatial-dual describe - < photo.jpg
  spatial-dual graph --text "a red cup on a table"
  spatial-dual graph --image photo.jpg --completed
  spatial-dual graph --image photo.png --depth depth.png --depth-unit 0.001 \\
                     --intrinsics 525,525,319.5,239.5
  spatial-dual graph --image photo.jpg --depth-model fastdepth.onnx --instances seen.json
  spatial-dual runs list
  spatial-dual runs diff last-1 last
"""
_MODEL_HELP = f"folder of the trained model (default: ${MODEL_VARIABLE} or {DEFAULT_MODEL})"


def main(arguments: list[str] | None = None) -> None:
    """Run the command; exits with 1 on an error, which it names on standard error."""
    name = "spatial-dual"
    share_cores()
    try:
        outputs.open_streams()
        try:
            options = _parser().parse_args(arguments)
            name += f" {options.command}"
            import_module(f"spatial_dual.commands.{options.command}").run(options)
        finally:
            outputs.flush()
    except CommandError as error:
        sys.exit(f"{name}: {printable(' '.join(str(error).split()))}")
    except BrokenPipeError:
        outputs.silence()  # the reader, such as `head`, has enough
    except KeyboardInterrupt:
        sys.exit(130)


class _Parser(ArgumentParser):
    """Says so if its help cannot be written, which argparse passes over."""

    def print_help(self, file: Any = None) -> None:
        """Write the help to standard output, as ``outputs.say`` does."""
        outputs.say(self.format_help().rstrip("\n"))


def _parser() -> ArgumentParser:
    parser = _Parser(
        "spatial-dual",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, about, add in (
        ("draw", "draw an image of a text", _add_draw),
        ("describe", "describe images", _add_describe),
        ("graph", "scene graphs of texts or of an image, one JSON a line", _add_graph),
        ("runs", "list runs of the pipelines, show one, compare two, reproduce one", _add_runs),
    ):
        command = commands.add_parser(
            name, help=about, description=f"{about[0].upper()}{about[1:]}."
        )
        add(command)
        if name != "runs":
            _add_model(command)
    return parser


def _add_model(command: ArgumentParser) -> None:
    command.add_argument(
        "--model",
        type=Path,
        default=Path(os.environ.get(MODEL_VARIABLE) or DEFAULT_MODEL),
        metavar="DIR",
        help=_MODEL_HELP,
    )
    command.add_argument(
        "--allow-hub",
        action="store_true",
        help="load the published checkpoints that the model's folder names",
    )
    command.add_argument("--steps", type=_positive, metavar="S", help="of the reverse chains")
    command.add_argument("--seed", type=int, default=0, metavar="K", help="default: 0")


def _add_runs(command: ArgumentParser) -> None:
    command.add_argument("action", choices=("list", "show", "diff", "reproduce"))
    command.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="the beginning of an id, or last, last-1, …; diff takes two",
    )
    command.add_argument(
        "--data", default="data", metavar="DIR", help="data folder of an environment"
    )
    command.add_argument(
        "--yes", action="store_true", help="reproduce without asking whether to run the command"
    )


def _add_draw(command: ArgumentParser) -> None:
    command.add_argument("text", metavar="TEXT")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png")
    command.add_argument(
        "--num",
        type=_number_of_drawings,
        default=1,
        metavar="N",
        help="images, as OUT-1.png, OUT-2.png, …",
    )
    command.add_argument(
        "--guidance", type=_guidance, metavar="G", help="1 turns guidance off, 0 ignores the text"
    )
    _add_parser(command)
    command.add_argument(
        "--strict",
        action="store_true",
        help="refuse a text with anything that is not understood or was never learned",
    )
    command.add_argument(
        "--show-graph",
        action="store_true",
        help="print the graph of the text and the 3D graph it evolved into, and write the latter "
        "over the image to OUT.graph.png",
    )


def _add_parser(command: ArgumentParser) -> None:
    command.add_argument(
        "--parser",
        metavar="NAME",
        help="what reads the texts: lexicon, factual[:CHECKPOINT] or a folder of Stanza models "
        "(default: our own)",
    )


def _add_describe(command: ArgumentParser) -> None:
    command.add_argument(
        "images", nargs="+", type=Path, metavar="IMAGE", help="files; - is standard input"
    )
    command.add_argument(
        "--json", action="store_true", help="one JSON a line: image, text, initial, completed"
    )
    _add_camera(command)


def _add_camera(command: ArgumentParser) -> None:
    command.add_argument(
        "--intrinsics", type=_intrinsics, metavar="fx,fy,cx,cy", help="in pixels of the image"
    )
    command.add_argument(
        "--fov",
        type=_angle,
        metavar="DEG",
        help="vertical field of view (default: EXIF's, the model's, or 55)",
    )
    command.add_argument(
        "--pitch", type=_pitch, metavar="DEG", help="of the camera below the horizon, if known"
    )


def _add_graph(command: ArgumentParser) -> None:
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", metavar="TEXT")
    source.add_argument("--texts", metavar="FILE", help="one text a line; - is standard input")
    source.add_argument("--image", type=Path, metavar="FILE", help="- is standard input")
    _add_parser(command)
    depth = command.add_mutually_exclusive_group()
    depth.add_argument(
        "--depth", type=Path, metavar="FILE", help="depth of the image, PNG or TIFF, one channel"
    )
    depth.add_argument(
        "--depth-model", metavar="NAME", help="hub name, folder or .onnx file of a metric one"
    )
    command.add_argument(
        "--depth-unit", type=float, metavar="METRES", help="of one grey level (default: 0.001)"
    )
    _add_camera(command)
    instances = command.add_mutually_exclusive_group()
    instances.add_argument(
        "--instances",
        type=Path,
        metavar="FILE",
        help='JSON list of {"label", "box": [x0, y0, x1, y1] in 0..1, "mask_rle": COCO code or '
        "null}",
    )
    instances.add_argument(
        "--instance-model", metavar="NAME", help="hub name or folder of a segmenter or detector"
    )
    command.add_argument(
        "--find", metavar="LABEL,…", help="what an open-vocabulary detector looks for"
    )
    stage = command.add_mutually_exclusive_group()
    stage.add_argument(
        "--initial",
        action="store_true",
        help="the graph of the text, of the image or, with --depth, of the depth (default)",
    )
    stage.add_argument(
        "--completed", action="store_true", help="the 3D graph that diffusion makes of it"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)


def _number_of_drawings(text: str) -> int:
    count = _positive(text)
    if count > MOST_DRAWINGS:  # they are held in memory until the last is done
        raise ArgumentTypeError(
            f"must be at most {MOST_DRAWINGS}, got {text!r}; draw more with another --seed"
        )
    return count


def _guidance(text: str) -> float:
    return _within(text, 0, MOST_GUIDANCE, f"a number of 0 to {MOST_GUIDANCE}")


def _angle(text: str) -> float:
    return _within(text, 1, 179, "1 to 179 degrees")


def _pitch(text: str) -> float:
    return _within(text, -90, 90, "-90 to 90 degrees")


def _within(text: str, least: float, most: float, wanted: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise ArgumentTypeError(f"must be {wanted}, got {text!r}")
    return value


def _intrinsics(text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != 4 or not min(values[:2]) > 0 or not all(map(math.isfinite, values)):
        raise ArgumentTypeError(f"must be fx,fy,cx,cy in pixels, focal lengths > 0, got {text!r}")
    return values
