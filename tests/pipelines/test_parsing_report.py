"""``kedro run --pipelines=parsing_report`` on our own captions and some written here."""

import json
from pathlib import Path

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

VSD = [
    {
        "captions": ["a cat behind a sofa", "a sofa in front of the cat", "a dog"],
        "triple_list": [{"s": "cat", "p": "behind", "o": "sofa"}],
    }
]

DENIED = {
    "text": "There is no dog on the sofa.",
    "objects": [["sofa", []]],
    "relations": [],
    "negated": [["dog", "on", "sofa"]],
    "absent": ["dog"],
}


def test_figures_and_page(project_path: Path, tmp_path: Path) -> None:
    captions = tmp_path / "captions"
    captions.mkdir()
    (captions / "v9_val.json").write_text(json.dumps(VSD))
    own = tmp_path / "tests" / "data" / "captions.json"
    own.parent.mkdir(parents=True)
    row = {
        "caption": "a red cup is on a table",
        "objects": [["cup", ["red"]], ["table", []]],
        "relations": [["cup", "on", "table"]],
    }
    own.write_text(json.dumps([row]))
    kinds = {"negation": {"develop": [], "held_out": [DENIED]}}
    own.with_name("kinds.json").write_text(json.dumps(kinds))
    bootstrap_project(project_path)
    with KedroSession.create(
        tmp_path,
        conf_source=str(project_path / "conf"),
        runtime_params={
            "captions": {"path": str(captions)},
            "parsing": {"factual": str(tmp_path / "none")},
        },
    ) as session:
        session.run(pipeline_names=["parsing_report"])
    reporting = tmp_path / "data" / "08_reporting"
    written = json.loads((reporting / "parsing.json").read_text())
    found = written["sets"]["v9_val"]
    assert found["captions"] == 3
    assert (found["strict_recall"], found["recall_with_inverses"]) == (1 / 3, 2 / 3)
    assert found["errors"]["inverse stated"] == 1
    assert written["sets"]["own"]["tuples"] == dict.fromkeys(
        ("precision", "recall", "f1", "set_match"), 1.0
    )
    shipped = written["parsers"]["shipped"]
    assert shipped["kinds"] == {"negation": 1.0, "all, held_out": 1.0}
    assert shipped["captions_per_second"]["own"] > 0
    assert "there is no such folder" in written["not_here"]["factual"]
    page = (reporting / "parsing.md").read_text()
    assert "| strict_recall | 0.3333 |" in page
    assert "Models: shipped." in page
    assert "- inverse stated:\n  - " in page
