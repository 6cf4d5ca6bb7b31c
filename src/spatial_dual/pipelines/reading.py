"""Records as rows and graphs, for the figures."""

import json
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


def is_rendered(scenes: "Records") -> bool:
    """Whether all records are of rendered scenes."""
    cameras = scenes.values("camera")
    return all(json.loads(camera).get("source") == "rendered" for camera in cameras)


def new_rows(compositions: "dict[str, Any]", samples: "Records") -> list[bool] | None:
    """Whether each sample is of a new composition; None where the data make no difference."""
    new = compositions["new"]
    return None if new is None else [new[name] for name in samples.values("id")]


def protocol(scenes: "Records", samples: "Records", split: str) -> dict[str, Any]:
    """How the figures were taken; ``split`` is of the records."""
    from importlib.metadata import version

    height, width = scenes.array("image", [0]).shape[1:3]
    names = ("seed", "steps", "guidance", "drawings", "candidates")
    made_with = {name: samples.values(name, [0])[0] for name in names}
    return {
        "split": split,
        "records": len(scenes),
        "samples": len(samples),
        "captions": "record k is drawn from its caption number k mod n",
        "image_size": f"{width}x{height}",
        **made_with,
        "single": "the first output; nothing is chosen among finished ones",
        "system": "what draw and describe give: of `drawings` of a text the one in which the "
        "model's own perceiver saw most of it, of `candidates` descriptions of an image the one "
        "that its 3DSG and the perceived depth bore out best",
        "judge": "a perceiver of its own seed, width and augmentation, which nothing that "
        "generates has seen; bounds are gold pictures through tokens and decoder, by the same",
        "new": "scenes with a (class, colour, relation) that training never shows; others: seen",
        "versions": {name: version(name) for name in ("torch", "transformers", "numpy", "kedro")},
    }
