"""Tables 2 to 8 of the paper from measured results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from spatial_dual.metrics.significance import holm
from spatial_dual.metrics.undefined import UndefinedMetricError
from spatial_dual.tables.published import NOTE, published_cells, published_columns
from spatial_dual.tables.results import FULL, PairedTest, Results, seeds_note
from spatial_dual.tables.table import Cell, Column, Row, Table

PUBLISHED_ONLY = "not part of this project; the paper's numbers only"


@dataclass(frozen=True)
class Metric:
    """A column of ours: heading, key in ``metrics``, factor, and which way is better."""

    heading: str
    key: str
    factor: float = 1.0

    @property
    def lower_is_better(self) -> bool:
        """As the arrow of the heading says."""
        return self.heading.endswith("↓")


FID = (Metric("FID↓", "images.fid"), Metric("FID-scenes↓", "images.fid_scenes"))
IS = (Metric("IS↑", "images.is"),)
CLIP = (Metric("CLIPScore↑", "images.clip_score"), Metric("CLIP-scenes↑", "clip.drawn"))
BLEU4 = (Metric("BLEU4↑", "texts.bleu4"),)
SPICE = (Metric("SPICE↑", "texts.spice"),)
TRIREC_IMAGE = (Metric("TriRec image→3DSG↑", "graph_diffusion.image.recall", 100),)
Alternatives = tuple[Metric, ...]
"""The first that any run has is shown; the last, if none."""

OWN_NAMES = (
    "…-scenes figures come from extractors trained on our rendered scenes and compare only with "
    "figures of the same name and data."
)
PLACED = "Under which question the paper's ratings of the two baselines stand is our reading of it."
TRAININGS = {
    "dgae": ["train_dgae"],
    "alignment": ["train_visual_decoder", "train_text_decoder"],
    "graph_diffusion": ["train_graph_diffuser"],
    "dual": ["train_image_prior", "train_text_prior", "train_dual"],
}
"""Nodes that train in each of the four steps."""
T2I, I2T, BOTH = "text to image only", "image to text only", ""
_T2I_KEYS = {m.key for group in (FID, IS, CLIP) for m in group}


def table_2(results: Results) -> Table:
    """The main comparison."""
    systems = {
        "DALL·E": None,
        "CogView": None,
        "LAFITE": None,
        "VQ-Diffusion": ("vq_diffusion", T2I),
        "Frido": ("coarse_to_fine", T2I),
        "3DVSD": ("ar_captioner_3d", I2T),
        "MNIC": None,
        "FNIC": None,
        "DiffCap": None,
        "DDCap": ("ddcap", I2T),
        "Singleton": ("singleton", BOTH),
        "Singleton + 3D": ("singleton_3d", BOTH),
        "Vanilla dual": ("vanilla_dual", BOTH),
        "SD³": (FULL, BOTH),
    }
    title = "Spatial text-to-image and image-to-text generation"
    notes = [
        OWN_NAMES,
        "Ours in the rows VQ-Diffusion, Frido, DDCap and 3DVSD are built from our parts in their "
        "manner and trained on the same data with the same number of steps: a plain transformer "
        "over image tokens, an image diffuser in two scales, a text diffuser with masks alone that "
        "reveals the surest words first, and an autoregressive captioner on 3D features. All read "
        "the other modality as ours do, by default CLIP's features of its words or image patches "
        "(graph_diffusion.condition), and share the sampler's settings, which were chosen for SD³.",
        "The number of steps is that of step 4. Step 2 comes before it in all rows but "
        "VQ-Diffusion, Frido and DDCap; steps 1 and 3, gold 3DSGs, and what perception learnt from "
        "depth and instances help SD³, Singleton + 3D and 3DVSD alone.",
        "Single samples of all systems: nothing is chosen among finished outputs.",
    ]
    notes += _bounds(results)
    return _comparison(2, title, results, systems, (FID, IS, CLIP, BLEU4, SPICE), notes)


def table_3(ratings: Mapping[str, Mapping[str, Cell]], notes: Sequence[str]) -> Table:
    """Ratings by people; ``ratings`` by system and question, from ``rating_sheets``."""
    questions = {
        "st2i_accuracy": "ST2I accuracy↑",
        "si2t_accuracy": "SI2T accuracy↑",
        "diversity": "diversity↑",
    }
    missing = Cell(reason="no ratings; kedro run --pipelines=rating_sheets, see its README")
    other_task = {
        ("Frido", "si2t_accuracy"): Cell(reason=T2I),
        ("3DVSD", "st2i_accuracy"): Cell(reason=I2T),
        ("3DVSD", "diversity"): Cell(reason=I2T),
    }
    names = dict.fromkeys(["Frido", "3DVSD", "SD³", *ratings])
    rows = [
        Row(
            name=name,
            cells=(
                *(
                    ratings.get(name, {}).get(q, other_task.get((name, q), missing))
                    for q in questions
                ),
                *published_cells(3, name),
            ),
        )
        for name in names
    ]
    columns = [*(Column(heading=h) for h in questions.values()), *published_columns(3)]
    return Table(
        number=3,
        title="Ratings by people, 1 to 5",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(NOTE, PLACED, *notes),
    )


def table_4(results: Results) -> Table:
    """Triplets of initial and generated 3DSGs: recall, which the paper calls TriRec, and the rest.

    The graph that rules make of perceived depth stands beside those evolved from images.
    """
    figures = {"recall": "TriRec", "precision": "precision", "f1": "F1"}
    metrics = [
        Metric(f"{name} {kind}→3DSG↑", f"graph_diffusion.{kind}.{figure}", 100)
        for kind in ("text", "image")
        for figure, name in figures.items()
    ]
    other = Cell(reason="starts from the other kind of graph")

    def cells(by_text: str, by_image: str, variant: str = FULL) -> list[Cell]:
        """By the group of each kind in ``graph_diffusion``; "" where there is none."""
        return [
            results.cell(variant, f"graph_diffusion.{group}.{figure}", 100) if group else other
            for group in (by_text, by_image)
            for figure in figures
        ]

    rows = {
        "initial TSG": cells("text.initial", ""),
        "initial VSG": cells("", "image.initial"),
        "rules on perceived depth": cells("", "baseline_depth"),
        **{
            name: cells("text", "image", variant)
            for name, variant in (
                ("without step 3", "without_diffusion_pretraining"),
                ("without intermediate features", "without_intermediate_features"),
                ("SD³", FULL),
            )
        },
    }
    note = "Triplets against the whole gold 3DSG, hidden objects included."
    return _table(4, "Triplets of generated 3DSGs", metrics, rows, [note])


def table_5(results: Results) -> Table:
    """Beside large text-to-image models."""
    systems = {
        "SD-1.5": ("sd_1_5", T2I),
        "SDXL": ("sdxl", T2I),
        "CogView3": ("cogview_3", T2I),
        "SD³": (FULL, BOTH),
    }
    title = "Beside large text-to-image models"
    return _comparison(5, title, results, systems, (FID, IS, CLIP), [OWN_NAMES])


def table_6(results: Results) -> Table:
    """Discrete beside continuous diffusion."""
    systems = {"discrete": (FULL, BOTH), "continuous": ("continuous", BOTH)}
    groups = (TRIREC_IMAGE, FID, IS, CLIP, BLEU4, SPICE)
    title = "Discrete and continuous diffusion"
    return _comparison(6, title, results, systems, groups, [OWN_NAMES])


def table_7(results: Results) -> Table:
    """Text diffusion beside an autoregressive captioner."""
    systems = {
        "text diffusion": (FULL, BOTH),
        "autoregressive (OFA)": ("autoregressive_si2t", BOTH),
    }
    title = "Models of image-to-text generation"
    groups = (FID, IS, CLIP, BLEU4, SPICE)
    return _comparison(7, title, results, systems, groups, [OWN_NAMES])


def table_8(parameters: Mapping[str, int], costs: pd.DataFrame) -> Table:
    """Parameters and time of the training steps.

    Args:
        parameters: trained weights by stage.
        costs: ``training_costs`` of the runs so far, a row a training.
    """
    steps = {
        "1 DGAE pre-training": "dgae",
        "2 spatial alignment": "alignment",
        "3 2DSG→3DSG": "graph_diffusion",
        "4 overall": "dual",
    }
    seconds = costs.set_index("training")["cpu_s"]

    def time(stage: str) -> Cell:
        trainings = TRAININGS[stage]
        if seconds.index.isin(trainings).sum() != len(trainings):
            return Cell(reason=f"no cost on record; kedro run --pipelines={stage}")
        return Cell(mean=float(seconds.loc[trainings].sum()) / 60, seeds=1)

    rows = {
        name: [Cell(mean=parameters[stage] / 1e6, seeds=1), time(stage)]
        for name, stage in steps.items()
    }
    columns = [Metric("parameters, M", ""), Metric("CPU time, min", "")]
    note = "Ours: the trainings of one run on processors; step 4 includes both priors."
    return _table(8, "Cost of the training steps", columns, rows, [note], seeds=False)


def _comparison(
    number: int,
    title: str,
    results: Results,
    systems: Mapping[str, tuple[str, str] | None],
    groups: Sequence[Alternatives],
    notes: Sequence[str],
) -> Table:
    metrics = [choose(results, group) for group in groups]
    rows = {
        name: [_cell(results, known, metric) for metric in metrics]
        for name, known in systems.items()
    }
    tests = _significance(results, systems, metrics)
    return _table(number, title, metrics, rows, [*notes, *tests])


def _bounds(results: Results) -> list[str]:
    """What test images get in the place of drawings, and captions beside strange drawings."""
    known = {
        "Test images in the place of drawings": {
            "FID": "images.fid_floor",
            "FID-scenes": "images.fid_floor_scenes",
            "CLIP-scenes": "clip.gold",
        },
        "Captions beside the drawings of others": {"CLIP-scenes": "clip.shuffled"},
    }
    notes = []
    for what, keys in known.items():
        cells = {label: results.cell(FULL, key) for label, key in keys.items()}
        found = [f"{label} {c.text(2)}" for label, c in cells.items() if c.mean is not None]
        notes += [f"{what}: {', '.join(found)}."] if found else []
    return notes


def _cell(results: Results, known: tuple[str, str] | None, metric: Metric) -> Cell:
    if known is None:
        return Cell(reason=PUBLISHED_ONLY)
    variant, direction = known
    if direction and (metric.key in _T2I_KEYS) != (direction == T2I):
        return Cell(reason=direction)
    return results.cell(variant, metric.key, metric.factor)


def _significance(
    results: Results,
    systems: Mapping[str, tuple[str, str] | None],
    metrics: Sequence[Metric],
) -> list[str]:
    """The full method against the best baseline of each column; Holm over the columns."""
    notes: dict[str, str] = {}
    tests: dict[str, PairedTest] = {}
    for metric in metrics:
        baseline = _best_baseline(results, systems, metric)
        if baseline is None:
            continue
        pair = f"{metric.heading} SD³ over {baseline[1]}, the best baseline"
        try:
            found = results.paired_test(FULL, baseline[0], metric.key, metric.lower_is_better)
        except UndefinedMetricError as reason:
            notes[pair] = f"not tested, {reason}."
        else:
            notes[pair], tests[pair] = "", found
    adjusted = holm([test.p_value for test in tests.values()])
    for (pair, test), p in zip(tests.items(), adjusted, strict=True):
        notes[pair] = (
            f"p = {test.p_value:.3f}, by Holm over {len(tests)} columns {p:.3f} "
            f"(bootstrap over {test.over})."
        )
    return [f"{pair}: {text}" for pair, text in notes.items()]


def _best_baseline(
    results: Results, systems: Mapping[str, tuple[str, str] | None], metric: Metric
) -> tuple[str, str] | None:
    """Variant and name of the best system but the full method; None if there is nothing to test."""
    names = {known[0]: name for name, known in systems.items() if known and known[0] != FULL}
    means = {
        variant: cell.mean
        for variant, name in names.items()
        if (cell := _cell(results, systems[name], metric)).mean is not None
    }
    if not means or (FULL, metric.key) not in results.values:
        return None
    best: Callable[..., str] = min if metric.lower_is_better else max
    chosen = best(means, key=lambda variant: means[variant])
    return chosen, names[chosen]


def _table(
    number: int,
    title: str,
    metrics: Sequence[Metric],
    rows: Mapping[str, Sequence[Cell]],
    notes: Sequence[str],
    seeds: bool = True,
) -> Table:
    columns = [*(Column(heading=m.heading) for m in metrics), *published_columns(number)]
    built = [Row(name=n, cells=(*cells, *published_cells(number, n))) for n, cells in rows.items()]
    spread = [seeds_note(cell for cells in rows.values() for cell in cells)] if seeds else []
    return Table(
        number=number,
        title=title,
        columns=tuple(columns),
        rows=tuple(built),
        notes=(NOTE, *spread, *notes),
    )


def choose(results: Results, group: Alternatives) -> Metric:
    """The first alternative that any run has; the last, if none."""
    return next((metric for metric in group if results.has(metric.key)), group[-1])
