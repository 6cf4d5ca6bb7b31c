"""Nodes of the ``pretrained`` stage."""

from typing import TYPE_CHECKING, Any

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.types import Records

if TYPE_CHECKING:
    from pandas import DataFrame
else:
    DataFrame = Any

Parameters = dict[str, Any]
Figures = dict[str, Any]
Chunk = dict[str, Any]


def draw_pretrained(
    samples: Records, parameters: Parameters, train: Parameters, seed: int
) -> ChunkSeries:
    """The samples' captions drawn by a published model, in chunks; columns as ``samples``.

    Raises:
        ValueError: no ``pretrained.path``.
    """
    from spatial_dual.devices import choose_device
    from spatial_dual.models.pretrained_drawer import PretrainedDrawer
    from spatial_dual.seeding import derive_seed

    if not parameters["path"]:
        raise ValueError(
            "pretrained.path: name the model; --params=pretrained.variant=sd_1_5,"
            "pretrained.path=FOLDER"
        )
    drawer = PretrainedDrawer(parameters["path"], choose_device(train["device"]))
    size = samples.array("drawn", [0]).shape[1]
    steps, guidance = parameters["steps"], float(parameters["guidance"])

    def drawn(rows: range) -> Chunk:
        captions = samples.values("caption", rows)
        own_seed = derive_seed(seed, "pretrained", rows.start)
        images = drawer.draw(captions, size=size, steps=steps, guidance=guidance, seed=own_seed)
        return {
            "id": samples.values("id", rows),
            "caption": captions,
            "drawn": images,
            "steps": [steps] * len(rows),
            "guidance": [guidance] * len(rows),
            "truncation": [1.0] * len(rows),
            "drawings": [1] * len(rows),
            "temperature": [1.0] * len(rows),
            "seed": [seed] * len(rows),
        }

    return ChunkSeries(len(samples), parameters["batch"], drawn, "draw with a published model")


def tabulate_pretrained(
    samples: Records, images: Figures, clip: Figures, parameters: Parameters, seed: int
) -> DataFrame:
    """Rows ``variant, seed, metric, value, n``; a figure that was refused has none."""
    from spatial_dual.metrics.table import separate_refused
    from spatial_dual.tables.results import result_rows

    numbers, _ = separate_refused({"images": images, "clip": clip})
    return result_rows(numbers, parameters["variant"], seed, len(samples))
