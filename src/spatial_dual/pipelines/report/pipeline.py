"""Table and contact sheet of a run, then the paper's tables and figures."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.report import paper_nodes as paper
from spatial_dual.pipelines.report.nodes import draw_contact_sheet, write_table

_RESULTS = "paper_results"
_PAPER: dict[str, tuple[Callable[..., Any], str]] = {
    "table_2": (paper.make_table_2, _RESULTS),
    "table_3": (paper.make_table_3, "ratings"),
    "table_4": (paper.make_table_4, _RESULTS),
    "table_5": (paper.make_table_5, _RESULTS),
    "table_6": (paper.make_table_6, _RESULTS),
    "table_7": (paper.make_table_7, _RESULTS),
    "table_8": (
        paper.make_table_8,
        "dgae visual_decoder text_decoder graph_diffuser dual training_costs",
    ),
    "figure_04": (paper.draw_figure_4, "samples scenes_test rated_samples params:report.paper"),
    "figure_05": (paper.draw_figure_5, _RESULTS),
    "figure_06": (paper.draw_figure_6, _RESULTS),
    "figure_07": (paper.draw_figure_7, _RESULTS),
    "figure_08": (paper.draw_figure_8, _RESULTS),
    "figure_09": (
        paper.draw_figure_9,
        "samples scenes_test spatial_dual params:report.paper params:seed",
    ),
    "figure_10": (
        paper.draw_figure_10,
        "samples samples_from_gold scenes_test rated_samples params:report.paper",
    ),
    "figure_11": (paper.draw_figure_11, "samples scenes_test rated_samples params:report.paper"),
}


def create_pipeline() -> Pipeline:
    """What people look at after a run."""
    of_run = [
        node(write_table, inputs="metrics", outputs="report_table", name="write_table"),
        node(
            draw_contact_sheet,
            inputs=["samples", "samples_from_gold", "scenes_test", "params:report"],
            outputs="contact_sheet",
            name="draw_contact_sheet",
        ),
    ]
    collect = node(
        paper.collect_results,
        inputs=["metrics", "ablation_results", "sample_scores", "ablation_scores"],
        outputs=_RESULTS,
        name="collect_results",
    )
    parts = [
        node(make, inputs.split(), name, name=make.__name__)
        for name, (make, inputs) in _PAPER.items()
    ]
    page = node(
        paper.write_page,
        inputs={"metrics": "metrics", "runs": "run_manifests", **{name: name for name in _PAPER}},
        outputs="paper_page",
        name="write_page",
    )
    return Pipeline([*of_run, collect, *parts, page])
