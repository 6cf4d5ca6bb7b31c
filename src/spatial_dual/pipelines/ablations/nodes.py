"""Nodes of ``ablations``: the figures of one variant and seed as rows."""

from typing import Any

Parameters = dict[str, Any]
NEEDS_GRAPH = (
    "graph_diffusion.",
    "health.",
    "trirec.completed_",
    "draw.object_accuracy",
    "draw.from_gold_graph.",
    "round_trip.graph",
)
"""Figures about the 3DSG or its layout, which a variant that reads no 3DSG does not have."""


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
    absent = () if dual["image_diffuser"]["model"]["sees_graph"] else NEEDS_GRAPH
    return rows[~rows["metric"].str.startswith(absent)].reset_index(drop=True)
