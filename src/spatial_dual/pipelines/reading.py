"""Records as rows and graphs, for the figures."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatial_dual.datasets.records import Records
    from spatial_dual.scene.graph import SceneGraph

CHUNK = 100


def read_rows(
    records: "Records", columns: Sequence[str] | None = None, name: str = ""
) -> Iterator[dict[str, Any]]:
    """Rows one by one; with a progress bar if it has a name."""
    from spatial_dual.progress import progress_bar

    with progress_bar(name, len(records), hidden=not name) as bar:
        for chunk in records.chunks(CHUNK, columns):
            for values in zip(*chunk.values(), strict=True):
                yield dict(zip(chunk, values, strict=True))
                bar.update()


def read_graphs(
    records: "Records", column: str, rows: Sequence[int] | None = None
) -> "list[SceneGraph]":
    """Graphs of a JSON column."""
    return [read_graph(text) for text in records.values(column, rows)]


def read_graph(text: str) -> "SceneGraph":
    """Graph of JSON text."""
    from spatial_dual.scene.graph import SceneGraph

    return SceneGraph.from_json(text)


def rows_of(samples: "Records", records: "Records") -> list[int]:
    """Rows of ``records`` with the ids of the samples.

    Raises:
        ValueError: a sample of another data set.
    """
    index = records.id_index
    ids = samples.values("id")
    strangers = [name for name in ids if name not in index]
    if strangers:
        raise ValueError(
            f"sample {strangers[0]!r} is not in {records.folder}; run the generate stage again"
        )
    return [index[name] for name in ids]


def protocol(scenes: "Records", samples: "Records") -> dict[str, Any]:
    """How the figures were taken."""
    from importlib.metadata import version

    height, width = scenes.array("image", [0]).shape[1:3]
    names = ("seed", "steps", "guidance", "drawings", "candidates")
    made_with = {name: samples.values(name, [0])[0] for name in names}
    return {
        "split": "test",
        "records": len(scenes),
        "samples": len(samples),
        "captions": "record k is drawn from its caption number k mod n",
        "image_size": f"{width}x{height}",
        **made_with,
        "judge": "this run's perceiver and depth lifting; upper bounds by the same judge",
        "choice": "of `drawings` of a text the one in which this perceiver saw most of it, of "
        "`candidates` descriptions the one that 3DSG and perceived depth bore out best",
        "versions": {name: version(name) for name in ("torch", "transformers", "numpy", "kedro")},
    }
