"""The figures of a run that say most, as Markdown tables, straight from ``metrics``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial_dual.metrics.table import flatten

ABSENT = "–"
Leaves = Mapping[str, float | str]


@dataclass(frozen=True)
class Line:
    """A row of a table: what it is about, and the key in ``metrics`` of each cell; "" is empty."""

    name: str
    keys: Sequence[str]
    digits: int = 3


def headline(metrics: Mapping[str, Any]) -> str:
    """Tables of drawings and descriptions, of graphs, of likelihood bounds, and of the parts."""
    leaves = {k: v for k, v in flatten(metrics) if not k.startswith(("protocol.", "refused."))}
    protocol = metrics["protocol"]
    outputs = (
        "output",
        "single",
        f"system: of {_chosen_from(leaves, 'draw')} drawings, "
        f"{_chosen_from(leaves, 'describe')} descriptions",
        "bound",
        "single, seen",
        "single, new",
    )
    graphs = (
        *("3DSG", "recall", "precision", "F1", "F1, seen", "F1, new"),
        *("recall with attributes", "precision with attributes"),
    )
    parts = [
        f"{protocol['samples']} scenes of the {protocol['split']} split, seed {protocol['seed']}, "
        f"{protocol['steps']} reverse steps, guidance {protocol['guidance']}; {_count(leaves)}.",
        _table(outputs, _outputs(), leaves),
        _table(graphs, _graphs(), leaves),
        _table(("−ln p, nats a token", *_bounded(leaves)), _bounds(), leaves),
        _table(("part", "figure"), _parts(), leaves),
    ]
    return "\n\n".join(parts) + "\n"


def _outputs() -> list[Line]:
    lines = []
    for name, key in (("stated objects", "object"), ("stated relations", "relation")):
        of, figure = "draw.{}." + f"{key}_accuracy", f"draw.single.{key}_accuracy_upper"
        lines.append(_with_parts(f"drawn: {name}", of, figure))
    for name, section in (("", ""), (", with attributes", "attributed.")):
        for figure in ("precision", "recall", "f1"):
            of = "describe.{}." + section + figure
            label = f"described: {figure.replace('f1', 'F1')} of triplets{name}"
            lines.append(_with_parts(label, of, of.format("captions")))
    of = "describe.{}.grammatical"
    lines.append(_with_parts("described: grammatical", of, of.format("captions")))
    clip = ("clip.drawn", "clip.system", "clip.gold", "clip.seen.drawn", "clip.new.drawn")
    lines.append(Line("drawn: CLIP-scenes", clip, 2))
    shuffled = ("clip.shuffled", "", "", "clip.seen.shuffled", "clip.new.shuffled")
    lines.append(Line("CLIP-scenes of shuffled pairs", shuffled, 2))
    return lines


def _with_parts(name: str, of: str, bound: str) -> Line:
    """A figure of single and system samples; ``of`` has a place for which."""
    keys = [of.format(which) for which in ("single", "system")]
    return Line(name, (*keys, bound, of.format("single.seen"), of.format("single.new")))


def _graphs() -> list[Line]:
    systems = {
        "from text, evolved": "text.{}",
        "from text: TSG alone": "text.{}initial.",
        "from image, evolved": "image.{}",
        "from image: VSG alone": "image.{}initial.",
        "from image: rules on perceived depth": "baseline_depth.{}",
    }
    lines = []
    for name, place in systems.items():
        of = f"graph_diffusion.{place}"
        whole = of.format("")
        keys = [
            *(f"{whole}{figure}" for figure in ("recall", "precision", "f1")),
            *(f"{of.format(part)}f1" for part in ("seen.", "new.")),
            *(f"{whole}attributed.{figure}" for figure in ("recall", "precision")),
        ]
        lines.append(Line(name, keys))
    return lines


def _bounds() -> list[Line]:
    names = {
        "3DSG given text": "graph_given_text",
        "3DSG given image": "graph_given_image",
        "image given text, gold 3DSG": "image_given_text_graph",
        "image given text, predicted 3DSG": "image_given_text_predicted_graph",
        "text given image, gold 3DSG": "text_given_image_graph",
        "text given image, predicted 3DSG": "text_given_image_predicted_graph",
    }
    return [
        Line(name, [f"bounds.{split}.{key}" for split in ("val", "test")])
        for name, key in names.items()
    ]


def _parts() -> list[Line]:
    return [
        Line("image tokenizer: PSNR, dB", ["image_tokenizer.psnr_db"], 1),
        Line("image tokenizer: share of codes used", ["image_tokenizer.codes_used"], 2),
        Line("perception: instances found", ["perception.instance_recall"]),
        Line("perception: relative depth error", ["perception.depth_abs_rel"]),
        Line(
            "triplets of visible objects by gold depth: F1", ["scene_graph.gold_depth.triplet_f1"]
        ),
        Line(
            "triplets of visible objects by perceived depth: F1", ["scene_graph.image.triplet_f1"]
        ),
        Line("DGAE: labels reconstructed", ["dgae.label_accuracy"]),
        Line("DGAE: relations reconstructed", ["dgae.relation_accuracy"]),
        Line("stated relations that planned places support", ["graph_diffusion.text.by_place"]),
        Line("the same of gold places", ["graph_diffusion.text.by_place_gold"]),
    ]


def _table(columns: Sequence[str], lines: Sequence[Line], leaves: Leaves) -> str:
    rows = [f"| {' | '.join(columns)} |", f"|---|{'---:|' * (len(columns) - 1)}"]
    for line in lines:
        cells = (_text(leaves.get(key), line.digits) if key else "" for key in line.keys)
        rows.append(f"| {line.name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _text(value: float | str | None, digits: int) -> str:
    return ABSENT if value is None or isinstance(value, str) else f"{value:.{digits}f}"


def _chosen_from(leaves: Leaves, group: str) -> str:
    return _text(leaves.get(f"{group}.system.chosen_from"), 0)


def _bounded(leaves: Leaves) -> list[str]:
    """Headings of the columns of bounds, with the number of records behind each."""
    counts = {split: _text(leaves.get(f"bounds.{split}.n"), 0) for split in ("val", "test")}
    return [f"{split}, {count} records" for split, count in counts.items()]


def _count(leaves: Leaves) -> str:
    seen, new = (_text(leaves.get(f"draw.single.{part}.n"), 0) for part in ("seen", "new"))
    return f"{seen} of seen compositions, {new} of new ones"
