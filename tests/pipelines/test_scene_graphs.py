"""The scene_graphs stage on a few rendered scenes."""

import json

import numpy as np
import pytest

from spatial_dual.datasets.records import Records, write_records
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.pipelines.scene_graphs import create_pipeline
from spatial_dual.pipelines.scene_graphs.nodes import (
    build_graphs,
    collect_vocabulary,
    draw_depth_views,
    fit_size_prior,
)
from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import SceneGraph

COUNT = 6
PARAMETERS = {
    "visual_from": "perceived",
    "text_parser": "lexicon",
    "perceived_fov_deg": 48,
    "drawn_scenes": 2,
    "size_prior_scenes": 4,
    "vocabulary": {"min_count": 1, "max_labels": 100},
}
SHIPPED = {"folder": None, "package": None}


def columns(rows):
    chunk = {name: [row[name] for row in rows] for name in rows[0]}
    return chunk | {name: np.stack(chunk[name]) for name in ("image", "depth", "instances")}


@pytest.fixture(scope="module")
def rows():
    return [
        render_scene(5, "train", index, 64) | {"captions": ["a cup on a table", "a red ball"]}
        for index in range(COUNT)
    ]


@pytest.fixture(scope="module")
def scenes(rows, tmp_path_factory) -> Records:
    return write_records(tmp_path_factory.mktemp("scenes"), [columns(rows)])


@pytest.fixture(scope="module")
def perceived(rows, tmp_path_factory) -> Records:
    """As a perfect perceiver would see: visible instances, numbered anew."""
    seen = []
    for row in rows:
        present = [int(k) for k in np.unique(row["instances"]) if k]
        renumber = np.zeros(256, dtype=np.uint8)
        renumber[present] = np.arange(1, len(present) + 1)
        seen.append(
            {
                "id": row["id"],
                "depth": row["depth"],
                "instances": renumber[row["instances"]],
                "labels": [row["labels"][k - 1] for k in present],
                "attributes": [["blue", "plain"]] * len(present),
                "scores": [0.5] * len(present),
            }
        )
    chunk = {name: [row[name] for row in seen] for name in seen[0]}
    chunk |= {name: np.stack(chunk[name]) for name in ("depth", "instances")}
    return write_records(tmp_path_factory.mktemp("perceived"), [chunk])


def build(folder, scenes, perceived, with_depth=True, **changed) -> Records:
    prior = fit_size_prior(scenes, PARAMETERS)
    chunks = build_graphs(scenes, perceived, prior, PARAMETERS | changed, with_depth, SHIPPED)
    return write_records(folder, chunks, rows_per_shard=4)


def parsed(graphs, column):
    return [SceneGraph.from_json(text) for text in graphs.values(column)]


def test_every_record_gets_its_four_graphs(tmp_path, rows, scenes, perceived):
    graphs = build(tmp_path, scenes, perceived)
    assert graphs.values("id") == [row["id"] for row in rows]
    assert graphs.values("gold") == [row["graph"] for row in rows]
    for visual, depth, row in zip(
        parsed(graphs, "visual"), parsed(graphs, "depth"), rows, strict=True
    ):
        present = [row["labels"][k - 1] for k in np.unique(row["instances"]) if k]
        assert [item.label for item in visual.objects] == present
        assert [item.label for item in depth.objects] == present
        assert {item.attributes for item in visual.objects} == {("blue", "plain")}
        assert {relation.source for relation in visual.relations} <= {"mask"}
        assert {relation.source for relation in depth.relations} <= {"depth"}
        assert visual.place is depth.place is None, "the picture does not tell its place"
    for texts in graphs.values("text"):
        first, second = map(SceneGraph.from_json, texts)
        assert first.triplets() == [("cup", "on", "table")]
        assert second.objects[0].attributes == ("red",)


def test_stanza_reads_plain_captions_as_the_lexicon_does(tmp_path, scenes, perceived):
    by_lexicon = build(tmp_path / "lexicon", scenes, perceived, with_depth=False)
    by_stanza = build(
        tmp_path / "stanza", scenes, perceived, with_depth=False, text_parser="stanza"
    )
    assert by_stanza.values("text") == by_lexicon.values("text")


def test_without_depth_graphs_all_others_are_the_same(tmp_path, scenes, perceived):
    full = build(tmp_path / "full", scenes, perceived)
    thin = build(tmp_path / "thin", scenes, perceived, with_depth=False)
    assert set(full.columns) - set(thin.columns) == {"depth"}
    for column in thin.columns:
        assert thin.values(column) == full.values(column)


def test_vocabulary_holds_the_words_of_all_graphs(tmp_path, scenes, perceived):
    graphs = build(tmp_path, scenes, perceived)
    vocabulary = collect_vocabulary(graphs, PARAMETERS)
    used = {item.label for graph in parsed(graphs, "gold") for item in graph.objects}
    assert used | {"cup", "table", "ball"} == set(vocabulary.labels)
    assert set(vocabulary.places) == {graph.place for graph in parsed(graphs, "gold")}


def photographs(rows, tmp_path, **changed):
    return write_records(
        tmp_path / "photos",
        [
            columns(
                [row | {"graph": "", "camera": '{"source": "assumed"}'} | changed for row in rows]
            )
        ],
    )


def test_photographs_are_lifted_from_their_own_depth(tmp_path, rows, perceived):
    photos = photographs(rows, tmp_path)
    graphs = build(tmp_path / "graphs", photos, perceived, visual_from="records")
    for gold, visual, row in zip(
        parsed(graphs, "gold"), parsed(graphs, "visual"), rows, strict=True
    ):
        assert {relation.source for relation in gold.relations} <= {"depth", "gold"}
        assert any(item.box for item in gold.objects)
        assert gold.place == row["place"]
        assert {item.confidence for item in visual.objects} == {None}
        assert any(item.attributes not in ((), ("blue", "plain")) for item in visual.objects)


def test_photographs_without_depth_or_instances_use_perception(tmp_path, rows, perceived):
    bare = {"labels": [], "instances": np.zeros((64, 64), np.uint8)}
    photos = photographs(rows, tmp_path, **bare, depth=np.zeros((64, 64), np.float16))
    graphs = build(tmp_path / "graphs", photos, perceived)
    assert [len(graph.objects) for graph in parsed(graphs, "gold")] == [
        len(labels) for labels in perceived.values("labels")
    ]
    assert all(graph.relations for graph in parsed(graphs, "gold"))


def test_the_camera_of_a_photograph_overrides_the_one_that_perception_assumes(
    tmp_path, rows, perceived
):
    """What a rendered picture's own camera is, its pixels do not tell."""
    boxes = {}
    for name, camera in {
        "exif": {"source": "exif", "fov_deg": 20.0},
        "assumed": {"source": "assumed", "fov_deg": 20.0},
        "rendered": {"source": "rendered", "fov_deg": 20.0},
    }.items():
        photos = photographs(rows, tmp_path / name, camera=json.dumps(camera))
        graphs = build(tmp_path / name / "graphs", photos, perceived)
        boxes[name] = [
            item.box.size[0] for graph in parsed(graphs, "depth") for item in graph.objects
        ]
    assert boxes["assumed"] == boxes["rendered"]
    ratio = np.tan(np.radians(10)) / np.tan(np.radians(24))
    narrowed = np.median(np.divide(boxes["exif"], boxes["assumed"]))
    assert narrowed == pytest.approx(ratio, rel=0.1)


@pytest.mark.parametrize("photos", [False, True])
def test_views_are_drawn_flat_and_in_space(scenes, perceived, rows, tmp_path, photos):
    prior = fit_size_prior(scenes, PARAMETERS)
    records = photographs(rows, tmp_path) if photos else scenes
    flat, space = draw_depth_views(records, perceived, prior, PARAMETERS)
    panels = [axes for axes in flat.axes if axes.images]
    assert len(panels) == 3 * PARAMETERS["drawn_scenes"]
    (menu,) = space.layout.updatemenus
    assert [button.label for button in menu.buttons] == scenes.values("id", [0, 1])
    assert sum(trace.mode == "markers" for trace in space.data) == PARAMETERS["drawn_scenes"]
    assert sum(bool(trace.visible) for trace in space.data) == sum(
        menu.buttons[0].args[0]["visible"]
    )


def test_prior_reads_only_the_first_scenes(scenes, rows):
    few = fit_size_prior(scenes, PARAMETERS | {"size_prior_scenes": 1})
    expected = SizePrior.fit([SceneGraph.from_json(rows[0]["graph"])])
    assert few.to_dict() == expected.to_dict()


def test_other_records_are_refused(tmp_path, rows, perceived):
    others = photographs(rows[::-1], tmp_path)
    with pytest.raises(ValueError, match="differ in their ids around"):
        build(tmp_path / "graphs", others, perceived)


def test_unknown_choice_is_refused(tmp_path, scenes, perceived):
    with pytest.raises(ValueError, match="visual_from must be 'perceived' or 'records'"):
        build(tmp_path / "graphs", scenes, perceived, visual_from="thin air")


def test_pipeline_joins_scenes_and_perception():
    pipeline = create_pipeline()
    splits = ("train", "val", "test")
    figures = {"depth_views", "depth_space"}
    graphs = {f"graphs_{split}" for split in splits[1:]}
    assert pipeline.outputs() == {"vocabulary"} | graphs | figures
    inputs = {name for name in pipeline.inputs() if not name.startswith("params:")}
    for split in splits:
        (node,) = (n for n in pipeline.nodes if n.name == f"build_graphs_{split}")
        assert f"params:scene_graphs.depth_graphs.{split}" in node.inputs
    assert inputs == {f"{kind}_{split}" for kind in ("scenes", "perceived") for split in splits}
