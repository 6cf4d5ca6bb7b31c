"""Figures 5 to 8 of the paper: charts of measured results."""

from collections.abc import Iterable, Mapping, Sequence

from spatial_dual.figures.chart import Chart, Panel, Series
from spatial_dual.tables.paper import CLIP, I2T, SPICE, T2I, Alternatives, choose
from spatial_dual.tables.results import DRAWS_ONLY, FULL, WRITES_ONLY, Results
from spatial_dual.tables.table import Cell

NOISE = {"0": FULL} | {f"{share}": f"graph_noise_{share}" for share in (20, 40, 60, 80)}
"""Variants by the corrupted share of the gold 3DSG in percent, Fig. 8."""
GRAPHS = {
    "TSG": "text_graph",
    "VSG": "visual_graph",
    "3DSG of text": "text_completed",
    "3DSG of image": "visual_completed",
    "gold 3DSG": "gold",
}


def figure_5(results: Results) -> Chart:
    """Agreement of objects and attributes (the GLIP figure) and TriRec of both directions.

    The former is an open-vocabulary detector's where any run has asked one, else perception's.
    """
    systems = {
        "SD³": FULL,
        "Vanilla dual": "vanilla_dual",
        "Frido": "coarse_to_fine",
        "3DVSD": "ar_captioner_3d",
    }
    glip = ("objects and attributes", "agreement", "")
    if results.has("detection.drawn") or results.has("detection.described"):
        glip = ("objects and attributes, by a detector", "detection", "")
    panels = []
    notes: dict[str, None] = {}
    for title, prefix, suffix in (glip, ("TriRec", "trirec", ".recall")):
        series = []
        for name, key, others, reason in (
            ("ST2I", "drawn", WRITES_ONLY, I2T),
            ("SI2T", "described", DRAWS_ONLY, T2I),
        ):
            metric = f"{prefix}.{key}{suffix}"
            cells = [
                Cell(reason=reason) if variant in others else results.cell(variant, metric, 100)
                for variant in systems.values()
            ]
            series.append(_series(name, cells))
            notes |= _reasons([f"{system}, {name}" for system in systems], cells)
        panels.append(Panel(title, "%", tuple(systems), tuple(series)))
    title = "Fig. 5. Objects, attributes and triplets, asked for and found"
    return Chart(title, tuple(panels), notes=tuple(notes))


def figure_6(results: Results) -> Chart:
    """Mean number of nodes in each kind of graph."""
    series = tuple(
        _series(
            kind,
            [results.cell(FULL, f"health.nodes.{name}.{kind}") for name in GRAPHS.values()],
        )
        for kind in ("objects", "attributes", "relations")
    )
    panel = Panel("", "mean number", tuple(GRAPHS), series)
    return Chart("Fig. 6. Nodes of scene graphs", (panel,))


def figure_7(results: Results) -> Chart:
    """What each training step is worth."""
    variants = {
        "all steps": FULL,
        "without step 1": "without_dgae",
        "without step 2": "without_alignment",
        "without step 3": "without_diffusion_pretraining",
    }
    panels, notes = _compared(results, variants, {"ST2I": CLIP, "SI2T": SPICE})
    return Chart("Fig. 7. Training steps left out", panels, notes=notes)


def figure_8(results: Results) -> Chart:
    """TriRec with a corrupted gold 3DSG, relative to none."""
    keys = {"text→3DSG": "text", "image→3DSG": "image"}
    series = []
    notes: dict[str, None] = {}
    for name, key in keys.items():
        metric = f"graph_diffusion.{key}.recall"
        cells = [results.cell(variant, metric) for variant in NOISE.values()]
        notes |= _reasons(NOISE, cells)
        clean = cells[0].mean
        if clean == 0:
            notes[f"– {name}: 0 without noise, so no share of it"] = None
        if clean:
            cells = [results.cell(variant, metric, 100 / clean) for variant in NOISE.values()]
        else:
            cells = [Cell()] * len(NOISE)
        series.append(_series(name, cells))
    panel = Panel("", "TriRec, % of that without noise", tuple(NOISE), tuple(series))
    title = "Fig. 8. Corrupted share of gold 3DSGs, %"
    return Chart(title, (panel,), "lines", tuple(notes))


def _compared(
    results: Results, variants: Mapping[str, str], groups: Mapping[str, Alternatives]
) -> tuple[tuple[Panel, ...], tuple[str, ...]]:
    panels = []
    notes: dict[str, None] = {}
    for title, group in groups.items():
        metric = choose(results, group)
        cells = [results.cell(variant, metric.key, metric.factor) for variant in variants.values()]
        notes |= _reasons(variants, cells)
        panels.append(Panel(title, metric.heading, tuple(variants), (_series(title, cells),)))
    return tuple(panels), tuple(notes)


def _series(name: str, cells: Sequence[Cell]) -> Series:
    return Series(name, tuple(c.mean for c in cells), tuple(c.deviation for c in cells))


def _reasons(names: Iterable[str], cells: Sequence[Cell]) -> dict[str, None]:
    return {
        f"– {name}: {cell.reason}": None
        for name, cell in zip(names, cells, strict=True)
        if cell.reason
    }
