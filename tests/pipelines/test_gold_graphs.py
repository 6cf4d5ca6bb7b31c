"""``kedro run --env=3dssg`` on a few graphs written here."""

import json
from pathlib import Path

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from spatial_dual.datasets.records import write_records
from spatial_dual.pipelines.gold_graphs.nodes import evaluate_gold_graphs
from spatial_dual.scene.vocabulary import Vocabulary


def scans(nouns: list[str], count: int) -> str:
    scan = {
        "scan": "room",
        "objects": {"1": "floor", "2": nouns[0], "3": nouns[1]},
        "relationships": [[2, 1, 15, "standing on"], [3, 2, 16, "lying on"], [2, 3, 6, "close by"]],
    }
    return json.dumps({"scans": [{**scan, "split": number} for number in range(count)]})


def test_reads_trains_and_says_what_comes_back(project_path: Path, tmp_path: Path) -> None:
    (tmp_path / "relationships_train.json").write_text(scans(["table", "book"], 6))
    (tmp_path / "relationships_validation.json").write_text(scans(["table", "lamp"], 4))
    parameters = {
        "gold_graphs": {"path": str(tmp_path)},
        "dgae": {"model": {"dim": 32, "rounds": 1}, "fit": {"batch_size": 4}},
        "train": {"max_steps": 4, "device": "cpu"},
    }
    bootstrap_project(project_path)
    conf = str(project_path / "conf")
    with KedroSession.create(
        tmp_path, env="3dssg", conf_source=conf, runtime_params=parameters
    ) as session:
        session.run(pipeline_names=["gold_graphs"])
    reporting = tmp_path / "data/3dssg/08_reporting"
    figures = json.loads((reporting / "reconstruction.json").read_text())
    assert (figures["graphs"], figures["objects"]) == (4, 12)
    assert figures["known_labels"] == pytest.approx(2 / 3)  # no lamp in training
    assert figures["attribute_accuracy"] == "these graphs have none"
    for name in ("label_accuracy", "relation_accuracy", "stated_relation_accuracy"):
        assert 0 <= figures[name] <= 1


def test_no_graph_is_no_figure(tmp_path: Path) -> None:
    empty = write_records(tmp_path, [])
    with pytest.raises(ValueError, match="no graph in split 'val'"):
        evaluate_gold_graphs(empty, empty, Vocabulary((), {}, (), ()), None)
