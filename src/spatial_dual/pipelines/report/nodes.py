"""Nodes of the ``report`` stage."""

from typing import TYPE_CHECKING, Any

from spatial_dual.pipelines.types import Records

if TYPE_CHECKING:
    from PIL.Image import Image
else:
    Image = Any

Parameters = dict[str, Any]
_SHOWN = {
    "caption": "caption",
    "system_text_completed": "text_completed",
    "visual_graph": "visual_graph",
    "visual_completed": "visual_completed",
    "system_description": "description",
}
"""Columns of samples and what the sheet calls them."""


def write_table(metrics: Parameters) -> str:
    """The headline figures, then all with their protocol, in Markdown."""
    from spatial_dual.metrics.table import as_markdown
    from spatial_dual.tables.headline import headline

    return f"{headline(metrics)}\n{as_markdown(metrics)}"


def draw_contact_sheet(
    samples: Records, samples_from_gold: Records, scenes: Records, parameters: Parameters
) -> Image:
    """What ``draw`` and ``describe`` give of the first records, with the graphs on the way."""
    from spatial_dual.figures.samples import samples_sheet
    from spatial_dual.pipelines.reading import rows_of

    count = min(parameters["contact_sheet"]["rows"], len(samples_from_gold))
    columns: dict[str, Any] = {
        shown: samples.values(name, range(count)) for name, shown in _SHOWN.items()
    }
    columns["drawn"] = samples.array("system_drawn", range(count))
    columns["drawn_from_gold"] = samples_from_gold.array("drawn", range(count))
    columns["image"] = scenes.array("image", rows_of(samples, scenes)[:count])
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    counts = (max(samples.values(n), default=1) for n in ("drawings", "candidates"))
    return samples_sheet(rows, parameters["contact_sheet"]["side"], *counts)
