"""Records as the rest of the project reads them; splits; equal bytes."""

import json
from collections import Counter

import numpy as np
import pytest

from spatial_dual.render.catalogue import CLASSES, COLOURS, MATERIALS, POSES, ROOMS, SIZES
from spatial_dual.render.scenes import render_chunk, render_scene
from spatial_dual.render.source import SceneSource
from spatial_dual.render.splits import HELD_OUT, held_out_facts
from spatial_dual.scene.graph import GEOMETRIC_PREDICATES, SceneGraph


@pytest.fixture(scope="module")
def train():
    return [render_scene(0, "train", index) for index in range(240)]


@pytest.fixture(scope="module")
def graphs(train):
    return [SceneGraph.from_json(record["graph"]) for record in train]


def rows(chunks, name):
    """Values of a column over all chunks; arrays as bytes, so that == compares."""
    values = [value for chunk in chunks for value in chunk[name]]
    return [v.tobytes() if isinstance(v, np.ndarray) else v for v in values]


def test_record_has_the_columns_and_types_of_the_project(train):
    record = train[0]
    assert record["image"].shape == (128, 128, 3)
    assert record["image"].dtype == np.uint8
    assert record["depth"].shape == record["instances"].shape == (128, 128)
    assert record["depth"].dtype == np.float16
    assert record["instances"].dtype == np.uint8
    assert set(json.loads(record["camera"])) == {"fov_deg", "pitch_deg", "height_m", "source"}
    assert len(record["captions"]) == 4
    assert record["place"] in ROOMS


def test_instances_depth_and_graph_agree(train, graphs):
    for record, graph in zip(train, graphs, strict=True):
        assert record["labels"] == [item.label for item in graph.objects]
        assert record["instances"].max() <= len(record["labels"])
        assert (record["depth"] > 0.3).all()
        counts = np.bincount(record["instances"].ravel(), minlength=len(record["labels"]) + 1)[1:]
        seen = np.array([item.visibility > 0 for item in graph.objects])
        np.testing.assert_array_equal(counts > 0, seen)


def test_scenes_hold_what_the_catalogue_names(train, graphs):
    assert all(3 <= len(graph.objects) <= 8 for graph in graphs)
    labels = Counter(item.label for graph in graphs for item in graph.objects)
    assert set(labels) == set(CLASSES)
    assert len(labels) >= 16
    words = {word for graph in graphs for item in graph.objects for word in item.attributes}
    assert words == {*COLOURS, *MATERIALS, *SIZES, *POSES}
    assert {graph.place for graph in graphs} == set(ROOMS)
    predicates = {relation.predicate for graph in graphs for relation in graph.relations}
    assert predicates == set(GEOMETRIC_PREDICATES)
    hidden = [item.visibility < 0.05 for graph in graphs for item in graph.objects]
    assert 0.01 < np.mean(hidden) < 0.1


def test_small_things_are_at_least_eight_pixels(train):
    sides = []
    for record in train:
        for number in range(1, len(record["labels"]) + 1):
            rows_, columns = np.nonzero(record["instances"] == number)
            if len(rows_):
                sides.append(max(np.ptp(rows_), np.ptp(columns)) + 1)
    assert np.mean(np.array(sides) >= 8) > 0.97


def test_pictures_are_lit_and_coloured(train):
    images = np.stack([record["image"] for record in train])
    assert 100 < images.mean() < 190
    assert images.std(axis=(1, 2)).min() > 3


def test_training_never_shows_a_held_out_combination(graphs):
    val = [SceneGraph.from_json(render_scene(0, "val", i, 32)["graph"]) for i in range(40)]
    for graph in [*graphs, *val]:
        for relation in graph.relations:
            subject = graph.objects[relation.subject]
            colour, predicates = HELD_OUT[subject.label]
            assert not (colour in subject.attributes and relation.predicate in predicates)


def test_every_second_test_scene_holds_and_states_a_held_out_combination():
    for index in range(40):
        record = render_scene(0, "test", index, 64)
        graph = SceneGraph.from_json(record["graph"])
        novel = held_out_facts(graph)
        assert bool(novel) == (index % 2 == 1)


def test_held_out_words_are_in_the_catalogue():
    for label, (colour, predicates) in HELD_OUT.items():
        assert label in CLASSES
        assert colour in COLOURS
        assert set(predicates) <= set(GEOMETRIC_PREDICATES)


def test_same_seed_same_bytes_and_other_seed_other_scenes():
    first, again, other = (render_chunk(seed, "val", range(3), 64) for seed in (1, 1, 2))
    for name in first:
        assert rows([first], name) == rows([again], name)
    assert not np.array_equal(first["image"], other["image"])


def test_chunks_and_workers_change_nothing():
    counts = {"train": 10, "test": 3}
    one = SceneSource(counts, seed=3, image_size=32, workers=1)
    two = SceneSource(counts, seed=3, image_size=32, workers=2)
    whole, parts = list(one.chunks("train", 10)), list(two.chunks("train", 3))
    assert [len(chunk["id"]) for chunk in parts] == [3, 3, 3, 1]
    for name in whole[0]:
        assert rows(whole, name) == rows(parts, name)
        some = list(two.chunks("train", 3).covering(4, 8))  # the whole chunks that hold them
        assert rows(some, name) == rows(parts[1:3], name)
    assert one.splits() == counts


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"counts": {"dev": 3}}, "dev"),
        ({"counts": {"train": -1}}, "negative"),
        ({"counts": {"train": 1}, "image_size": 8}, "image_size"),
        ({"counts": {"train": 1}, "workers": 0}, "workers"),
    ],
)
def test_bad_arguments_are_refused(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        SceneSource(**arguments)


def test_unknown_split_is_refused():
    with pytest.raises(ValueError, match="no split 'test'"):
        SceneSource({"train": 1}).chunks("test", 1)
    with pytest.raises(ValueError, match="no split 'dev'"):
        render_scene(0, "dev", 0)


@pytest.mark.parametrize("index", [144, 209, 3876])
def test_scenes_that_nobody_could_describe_are_drawn_again(index: int) -> None:
    """In the first draw of these, one thing hides all others."""
    assert len(render_scene(0, "train", index, size=64)["captions"]) == 4
