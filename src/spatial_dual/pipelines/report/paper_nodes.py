"""Nodes of ``report`` that make the paper's tables and figures."""

from typing import TYPE_CHECKING, Any

from spatial_dual.pipelines.types import (
    Dgae,
    DualModel,
    GraphDiffuser,
    Records,
    SpatialDual,
    TextDecoder,
    VisualDecoder,
)

if TYPE_CHECKING:
    from pandas import DataFrame

    from spatial_dual.figures.chart import Chart
    from spatial_dual.figures.forms import Picture
    from spatial_dual.tables.results import Results
    from spatial_dual.tables.table import Table
else:
    Chart = DataFrame = Picture = Results = Table = Any

Parameters = dict[str, Any]


def collect_results(
    metrics: Parameters,
    ablations: DataFrame,
    sample_scores: DataFrame,
    ablation_scores: DataFrame,
) -> Results:
    """The default run and all variants as one."""
    from spatial_dual.tables.results import Results

    return Results.of_runs(metrics, ablations, sample_scores, ablation_scores)


def make_table_2(results: Results) -> Table:
    """The main comparison."""
    from spatial_dual.tables.paper import table_2

    return table_2(results)


def make_table_3(ratings: DataFrame) -> Table:
    """Ratings by people, from ``rating_sheets``."""
    from spatial_dual.tables.paper import table_3
    from spatial_dual.tables.ratings import rating_cells, rating_notes

    return table_3(rating_cells(ratings), rating_notes(ratings))


def make_table_4(results: Results) -> Table:
    """TriRec of generated 3DSGs."""
    from spatial_dual.tables.paper import table_4

    return table_4(results)


def make_table_5(results: Results) -> Table:
    """Beside large text-to-image models."""
    from spatial_dual.tables.paper import table_5

    return table_5(results)


def make_table_6(results: Results) -> Table:
    """Discrete and continuous diffusion."""
    from spatial_dual.tables.paper import table_6

    return table_6(results)


def make_table_7(results: Results) -> Table:
    """Text diffusion and an autoregressive captioner."""
    from spatial_dual.tables.paper import table_7

    return table_7(results)


def make_table_8(
    dgae: Dgae,
    visual_decoder: VisualDecoder,
    text_decoder: TextDecoder,
    graph_diffuser: GraphDiffuser,
    dual: DualModel,
    costs: DataFrame,
) -> Table:
    """Parameters and time of the training steps."""
    from spatial_dual.tables.paper import table_8

    trained = {
        "dgae": (dgae,),
        "alignment": (visual_decoder, text_decoder),
        "graph_diffusion": (graph_diffuser,),
        "dual": (dual,),
    }
    counts = {
        stage: sum(weights.numel() for model in models for weights in model.parameters())
        for stage, models in trained.items()
    }
    return table_8(counts, costs)


def draw_figure_4(
    samples: Records, scenes: Records, systems: dict[str, Records], parameters: Parameters
) -> Picture:
    """Samples of both directions."""
    from spatial_dual.figures.paper_samples import figure_4

    chosen = range(min(parameters["samples"] // 2, len(samples)))
    return figure_4(_rows(samples, scenes, systems, chosen), parameters["side"])


def draw_figure_5(results: Results) -> Chart:
    """Agreement and TriRec of both directions."""
    from spatial_dual.figures.paper import figure_5

    return figure_5(results)


def draw_figure_6(results: Results) -> Chart:
    """Nodes of each kind of graph."""
    from spatial_dual.figures.paper import figure_6

    return figure_6(results)


def draw_figure_7(results: Results) -> Chart:
    """Training steps left out."""
    from spatial_dual.figures.paper import figure_7

    return figure_7(results)


def draw_figure_8(results: Results) -> Chart:
    """Corrupted gold graphs."""
    from spatial_dual.figures.paper import figure_8

    return figure_8(results)


def draw_figure_9(
    samples: Records, scenes: Records, model: SpatialDual, parameters: Parameters, seed: int
) -> Picture:
    """One record's graph on its way from TSG and from VSG."""
    from spatial_dual.figures.paper_samples import figure_9
    from spatial_dual.pipelines.reading import rows_of

    steps = parameters["trace_steps"]
    caption = samples.values("caption", [0])[0]
    image = scenes.array("image", rows_of(samples, scenes)[:1])[0]
    traces = {
        kind: (model.graph(source, completed=False), model.trace(source, steps=steps, seed=seed))
        for kind, source in (("TSG", caption), ("VSG", image))
    }
    return figure_9(traces, parameters["side"])


def draw_figure_10(
    samples: Records,
    samples_from_gold: Records,
    scenes: Records,
    systems: dict[str, Records],
    parameters: Parameters,
) -> Picture:
    """Text to image."""
    from spatial_dual.figures.paper_samples import figure_10

    chosen = range(min(parameters["samples"], len(samples_from_gold)))
    rows = _rows(samples, scenes, systems, chosen)
    from_gold = samples_from_gold.array("drawn", chosen)
    return figure_10(
        [row | {"drawn_from_gold": image} for row, image in zip(rows, from_gold, strict=True)],
        parameters["side"],
    )


def draw_figure_11(
    samples: Records, scenes: Records, systems: dict[str, Records], parameters: Parameters
) -> Picture:
    """Image to text, of records after those of the other figures."""
    from spatial_dual.figures.paper_samples import figure_11

    count = parameters["samples"]
    start = min(count, max(0, len(samples) - count))
    chosen = range(start, min(start + count, len(samples)))
    return figure_11(_rows(samples, scenes, systems, chosen), parameters["side"])


def write_page(metrics: Parameters, runs: list[Parameters], **parts: Any) -> str:
    """One self-contained HTML page of ``table_N`` and ``figure_NN``, and the runs behind them."""
    from spatial_dual.tables.page import report_page

    tables = [part for name, part in parts.items() if name.startswith("table_")]
    figures = {name: part for name, part in parts.items() if name.startswith("figure_")}
    return report_page(metrics, tables, figures, runs)


def _rows(
    samples: Records, scenes: Records, systems: dict[str, Records], chosen: range
) -> list[dict[str, Any]]:
    """Samples with their gold ``image``, and what other systems that have run made of them."""
    from spatial_dual.pipelines.reading import rows_of

    ids = samples.values("id", chosen)
    own = rows_of(samples, scenes)
    columns: dict[str, Any] = {
        "caption": samples.values("caption", chosen),
        "description": samples.values("description", chosen),
        "drawn": samples.array("drawn", chosen),
        "image": scenes.array("image", [own[k] for k in chosen]),
    }
    for name, others in systems.items():
        if all(one in others.id_index for one in ids):
            rows = [others.id_index[one] for one in ids]
            columns[f"drawn_by_{name}"] = others.array("drawn", rows)
            columns[f"described_by_{name}"] = others.values("description", rows)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
