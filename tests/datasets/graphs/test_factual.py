import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.graphs.catalog import GoldGraphsDataset
from spatial_dual.datasets.graphs.factual import read_pairs
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.datasets.record_schema import check_chunk
from spatial_dual.scene.graph import SceneGraph

FILES = {"train": "train.csv*", "val": "dev.csv*"}
HEADER = "image_id,region_id,caption,scene_graph"


def read(folder, split="train"):
    source = GoldGraphsDataset(str(folder), "factual", FILES).load()
    parts = list(source.chunks(split, 1000))
    findings = [part for part in parts if isinstance(part, Finding)]
    return [part for part in parts if part not in findings], findings, source.splits()


def write(folder, *lines, header=HEADER):
    (folder / "train.csv").write_text("\n".join([header, *lines]))
    (folder / "dev.csv").write_text(HEADER)


def test_facts_become_objects_attributes_and_relations(tmp_path):
    facts = "( boats , is , 5 ) , ( boats , is , red ) , ( boats , tie to , dock ) , ( old man )"
    write(tmp_path, f'7,8,"five red boats , tied .","{facts}"')
    [chunk], findings, _ = read(tmp_path)
    check_chunk(chunk)
    assert not findings
    assert chunk["id"] == ["7-8"]
    assert chunk["captions"] == [["five red boats, tied."]]
    graph = SceneGraph.from_json(chunk["graph"][0])
    assert [(item.label, item.attributes) for item in graph.objects] == [
        ("boats", ("5", "red")),
        ("dock", ()),
        ("old man", ()),
    ]
    assert graph.triplets() == [("boats", "tie to", "dock")]
    assert graph.relations[0].source == "text"


@pytest.mark.parametrize(
    ("caption", "facts", "left_out", "reason"),
    [
        ("", "( a )", "record", "no caption"),
        ("a cat", "", "record", "no graph"),
        ("a cat", "( a , b )", "record", "( a , b ) is no fact"),
        ("a cat", "( a , on ,  )", "record", "( a , on , ) is no fact"),
        ("word " * 10_000, "( a )", "record", "10000 words"),
        ("a cat", "( cat , on , cat )", "relation", "joins object 0 to itself"),
        ("a cat", "( cat , 2 m from , mat )", "relation", "should match pattern"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, caption, facts, left_out, reason):
    write(tmp_path, f'1,2,{caption},"{facts}"')
    _, [finding], splits = read(tmp_path)
    assert finding.left_out == left_out
    assert reason in finding.reason
    assert splits["train"] == 1


def test_a_mark_of_the_byte_order_is_no_part_of_a_column(tmp_path):
    write(tmp_path, '1,2,a cat,"( cat )"', header=f"\ufeff{HEADER}")
    [chunk], _, _ = read(tmp_path)
    assert chunk["id"] == ["1-2"]


def test_a_cell_that_is_too_large_is_named(tmp_path):
    write(tmp_path, f'1,2,a cat,"{"( cat ) , " * 20_000}"')
    with pytest.raises(DatasetError, match=r"train.csv: field larger than"):
        read(tmp_path)


def test_a_file_without_a_column_is_named(tmp_path):
    write(tmp_path, header="image_id,caption,scene_graph")
    with pytest.raises(DatasetError, match=r"train.csv: no column region_id"):
        read(tmp_path)


def test_published_pairs(shared_data):
    parts = list(read_pairs(shared_data / "factual" / "dev.csv.gz"))
    findings = [part for part in parts if isinstance(part, Finding)]
    graphs = [part.graph for part in parts if not isinstance(part, Finding)]
    assert len(graphs) == 1000
    stated = sum(len(g.relations) + sum(len(o.attributes) for o in g.objects) for g in graphs)
    # left out: one thing with itself, such as ( bus , next to , bus ), for equal nouns are one
    assert len(findings) < 20
    assert 1700 < stated + len(findings) <= 1722  # triples in the file, some of them twice
