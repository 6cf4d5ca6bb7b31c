"""Nodes of the ``report`` stage."""

from typing import TYPE_CHECKING, Any

from spatial_dual.pipelines.types import Records

if TYPE_CHECKING:
    from PIL.Image import Image
else:
    Image = Any

Parameters = dict[str, Any]
_TEXTS = ("caption", "text_completed", "visual_graph", "visual_completed", "description")


def write_table(metrics: Parameters) -> str:
    """The figures with their protocol, in Markdown."""
    from spatial_dual.metrics.table import as_markdown

    return as_markdown(metrics)


def draw_contact_sheet(
    samples: Records, samples_from_gold: Records, scenes: Records, parameters: Parameters
) -> Image:
    """The first samples, both directions, with the graphs on the way."""
    from spatial_dual.figures.samples import samples_sheet
    from spatial_dual.pipelines.reading import rows_of

    count = min(parameters["contact_sheet"]["rows"], len(samples_from_gold))
    columns: dict[str, Any] = {name: samples.values(name, range(count)) for name in _TEXTS}
    columns["drawn"] = samples.array("drawn", range(count))
    columns["drawn_from_gold"] = samples_from_gold.array("drawn", range(count))
    columns["image"] = scenes.array("image", rows_of(samples, scenes)[:count])
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return samples_sheet(rows, parameters["contact_sheet"]["side"])
