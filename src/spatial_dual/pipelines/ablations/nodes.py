"""Nodes of ``ablations``: the figures of one variant and seed as rows."""

from typing import Any

Parameters = dict[str, Any]
NEEDS_GRAPH = (
    "graph_diffusion.",
    "health.",
    "draw.from_gold_graph.",
    "round_trip.graph",
    r"bounds\..*graph_given_",
    r".*objects_in_place",
)
"""Figures about the 3DSG or its layout, as regular expressions of their beginning; a variant that
reads no 3DSG does not have them."""


def tabulate_figures(metrics: Parameters, variant: str, seed: int, dual: Parameters) -> Any:
    """Rows ``variant, seed, metric, value, n``; a figure that was refused has none."""
    from spatial_dual.tables.results import result_rows

    figures = {k: v for k, v in metrics.items() if k not in ("protocol", "refused")}
    return _applicable(result_rows(figures, variant, seed, metrics["protocol"]["samples"]), dual)


def tabulate_scores(scores: Any, variant: str, seed: int, dual: Parameters) -> Any:
    """Rows ``variant, seed, id, metric, right, total`` of single samples, for paired tests."""
    columns = ["variant", "seed", *scores.columns]
    return _applicable(scores.assign(variant=variant, seed=seed)[columns], dual)


def _applicable(rows: Any, dual: Parameters) -> Any:
    """Those about a 3DSG only where the variant reads one."""
    if dual["image_diffuser"]["model"]["sees_graph"]:
        return rows
    return rows[~rows["metric"].str.match("|".join(NEEDS_GRAPH))].reset_index(drop=True)
