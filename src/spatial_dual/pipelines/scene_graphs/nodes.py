"""Nodes of the ``scene_graphs`` stage."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.types import Records, SceneGraph, SizePrior, TextGraphParser, Vocabulary

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as InteractiveFigure
else:
    Figure = InteractiveFigure = Any

Parameters = dict[str, Any]
Chunk = dict[str, Any]
CHUNK = 256
SCENE_COLUMNS = (
    *("id", "image", "depth", "instances", "labels", "camera", "graph", "captions", "place"),
)


def fit_size_prior(scenes: Records, parameters: Parameters) -> SizePrior:
    """Sizes of things by label, from the gold boxes of the first training scenes."""
    from spatial_dual.perception.size_prior import SizePrior
    from spatial_dual.scene.graph import SceneGraph

    rows = (text for chunk in scenes.chunks(CHUNK, ("graph",)) for text in chunk["graph"])
    first = islice(rows, parameters["size_prior_scenes"])
    return SizePrior.fit(SceneGraph.from_json(text) for text in first if text)


def build_graphs(
    scenes: Records,
    perceived: Records,
    size_prior: SizePrior,
    parameters: Parameters,
    with_depth: bool,
    parsing: Parameters,
) -> ChunkSeries:
    """Gold, visual, depth and text graphs of each record as JSON, in chunks.

    Without ``with_depth`` there is no depth graph: nothing trains on it. ``parsing`` names the
    models that read the captions, see ``parsing.default.parser_of``.

    Raises:
        ValueError: ``scenes`` and ``perceived`` are not of the same records in the same order.
    """
    from spatial_dual.parsing.default import parser_of

    parser = parser_of(parameters["text_parser"], parsing)
    if len(scenes) != len(perceived):
        raise ValueError(
            f"{len(scenes)} scenes, but perception saw {len(perceived)}; run the perception stage "
            "again"
        )

    def graphs(rows: range) -> Chunk:
        records, seen = _rows(scenes.chunk(rows, SCENE_COLUMNS)), _rows(perceived.chunk(rows))
        return _graphs_of_chunk(records, seen, size_prior, parser, parameters, with_depth)

    return ChunkSeries(len(scenes), CHUNK, graphs, "graphs")


def collect_vocabulary(graphs: Records, parameters: Parameters) -> Vocabulary:
    """Words of all graphs of the training split."""
    from spatial_dual.scene.vocabulary import Vocabulary

    return Vocabulary.from_graphs(_all_graphs(graphs), **parameters["vocabulary"])


def draw_depth_views(
    scenes: Records, perceived: Records, size_prior: SizePrior, parameters: Parameters
) -> tuple[Figure, InteractiveFigure]:
    """The first scenes as depth makes them: photo, depth, boxes and graph; and in space.

    Of rendered scenes what perception saw, of photographs their own depth and instances first.
    """
    from spatial_dual.figures.depth_views import DepthView, depth_figure
    from spatial_dual.figures.space import space_figure
    from spatial_dual.perception.record_graphs import View, best_view, perceived_camera

    count = min(parameters["drawn_scenes"], len(scenes))
    records = _rows(next(scenes.chunks(count, SCENE_COLUMNS)))
    views = []
    for record, seen in zip(records, _rows(next(perceived.chunks(count))), strict=True):
        camera = perceived_camera(record, parameters["perceived_fov_deg"])
        view = View.of_perception(record, seen, camera)
        if not record["graph"]:
            view = best_view(record, view)
        views.append(
            DepthView(
                name=record["id"],
                image=record["image"],
                depth=view.depth,
                graph=view.depth_graph(size_prior, record["place"] or None),
                camera=view.camera,
                rotation=view.lift(size_prior).gravity.rotation(),
            )
        )
    return depth_figure(views), space_figure(views)


def _graphs_of_chunk(
    scenes: Sequence[Mapping[str, Any]],
    seen: Sequence[Mapping[str, Any]],
    prior: SizePrior,
    parser: TextGraphParser,
    parameters: Parameters,
    with_depth: bool,
) -> Chunk:
    from spatial_dual.perception.record_graphs import View, gold_graph, perceived_camera

    if [row["id"] for row in scenes] != [row["id"] for row in seen]:
        raise ValueError(
            f"scenes and what perception saw differ in their ids around {scenes[0]['id']!r}; "
            "run the perception stage again"
        )
    fov = parameters["perceived_fov_deg"]
    views = [
        View.of_perception(record, perceived, perceived_camera(record, fov))
        for record, perceived in zip(scenes, seen, strict=True)
    ]
    shown = [View.of_record(row) for row in scenes] if _from_records(parameters) else views
    depth = {"depth": [view.depth_graph(prior).to_json() for view in views]} if with_depth else {}
    return depth | {
        "id": [row["id"] for row in scenes],
        "gold": [
            gold_graph(row, view, prior).to_json() for row, view in zip(scenes, views, strict=True)
        ],
        "visual": [view.visual_graph().to_json() for view in shown],
        "text": _text_graphs([row["captions"] for row in scenes], parser),
    }


def _from_records(parameters: Parameters) -> bool:
    choice = parameters["visual_from"]
    if choice not in ("perceived", "records"):
        raise ValueError(
            f"parameter scene_graphs.visual_from must be 'perceived' or 'records', got {choice!r}"
        )
    return bool(choice == "records")


def _text_graphs(captions: Sequence[Sequence[str]], parser: TextGraphParser) -> list[list[str]]:
    """Graph JSON per caption, parsed in one batch."""
    parsed = iter(parser.parse([text for texts in captions for text in texts]))
    return [[next(parsed).to_json() for _ in texts] for texts in captions]


def _all_graphs(graphs: Records) -> Iterator[SceneGraph]:
    from spatial_dual.scene.graph import SceneGraph

    for chunk in graphs.chunks(CHUNK, ("gold", "visual", "text")):
        for gold, visual, texts in zip(chunk["gold"], chunk["visual"], chunk["text"], strict=True):
            yield from map(SceneGraph.from_json, (gold, visual, *texts))


def _rows(chunk: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of a chunk of columns."""
    return [dict(zip(chunk, values, strict=True)) for values in zip(*chunk.values(), strict=True)]
