"""Labels of every source in the normal form of captions."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial_dual.datasets.graphs.factual import read_pairs
from spatial_dual.datasets.graphs.threedssg import read_scans
from spatial_dual.datasets.images import Crop
from spatial_dual.datasets.photos.annotations import read_triples
from spatial_dual.datasets.photos.instances import read_instances
from spatial_dual.datasets.record_schema import check_chunk
from spatial_dual.datasets.records import RecordsError
from spatial_dual.perception.hub.instances import _class_names
from spatial_dual.scene.text import clean_label, clean_noun

MESSY = ["\u200bTea\u00a0 CUP\x1b[2J", "caf\u0065\u0301", "İ", "\u202ecup", "cup\ntable", "㎏"]
NOUNS = st.sampled_from(MESSY) | st.text(max_size=8)


def in_normal_form(label: str) -> bool:
    return clean_label(label) == label


@given(NOUNS)
def test_a_noun_in_normal_form_stays_as_it_is(text):
    try:
        noun = clean_noun(text)
    except ValueError:
        return
    assert clean_noun(noun) == clean_label(noun) == noun
    assert noun.isprintable()


@given(NOUNS)
def test_labels_of_instances_and_triples(text):
    box = {"box": [0, 0, 1, 1]}
    try:
        (instance,) = read_instances(json.dumps([{"label": text, **box}]))
        assert in_normal_form(instance["label"])
    except ValueError as error:
        assert "label" in str(error)  # noqa: PT017  # the property is over all texts
    triple = {"s": text, "p": "on", "o": "table", "s_bbox": [0, 4, 0, 4], "o_bbox": [4, 8, 0, 8]}
    annotated = read_triples([triple], Crop(8, 8, 8))
    assert all(in_normal_form(each["label"]) for each in annotated.instances)
    assert bool(annotated.instances) != bool(annotated.problems)


@pytest.mark.parametrize("text", MESSY)
def test_labels_of_annotated_graphs(tmp_path, text):
    scan = {"scan": "a", "split": 0, "objects": {"1": text, "2": "table"}}
    scan["relationships"] = [[1, 2, 0, "standing on"]]
    file = tmp_path / "scans.json"
    file.write_text(json.dumps({"scans": [scan]}))
    (row,) = read_scans(file, 9)
    assert all(in_normal_form(item.label) for item in row.graph.objects)
    table = tmp_path / "factual.csv"
    fact = f"( {text} , on , table ) , ( {text} , is , {text} )"
    quoted = fact.replace("\x1b", "").replace('"', '""')  # no file with such signs is read
    table.write_text(f'image_id,region_id,caption,scene_graph\n1,1,a cup,"{quoted}"\n')
    (row,) = read_pairs(table)
    assert len(row.graph.objects) == 2
    words = [word for item in row.graph.objects for word in (item.label, *item.attributes)]
    assert all(map(in_normal_form, words))


def test_names_of_a_checkpoints_classes():
    names = _class_names({0: "Tea \x1b[2J\u202ecup", 1: "\x1b", 2: "x" * 500})
    assert names == {0: "Tea [2Jcup", 1: "class 1", 2: "class 2"}


def test_records_hold_labels_in_normal_form_alone():
    chunk = {
        "id": ["a"],
        "graph": [""],
        "place": [""],
        "labels": [["cup"]],
        "captions": [["a cup"]],
        "camera": ["{}"],
        "image": np.zeros((1, 8, 8, 3), np.uint8),
        "depth": np.zeros((1, 8, 8), np.float16),
        "instances": np.ones((1, 8, 8), np.uint8),
    }
    check_chunk(chunk)
    for label in ("", " ", "cup\x1b", "\ud800", "x" * 500):
        with pytest.raises(RecordsError, match="label"):
            check_chunk(chunk | {"labels": [[label]]})
