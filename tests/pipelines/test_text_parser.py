"""``kedro run --pipelines=text_parser`` with next to no training: the package loads and parses."""

from pathlib import Path

import torch
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from spatial_dual.parsing.stanza_parser import StanzaParser

SHORT = {
    "treebank": {"sentences": {"train": 60, "dev": 20}},
    "tokenizer": {"steps": 4, "eval_steps": 2},
    "tagger": {"max_steps": 4, "eval_interval": 2},
    "parser": {"max_steps": 4, "eval_interval": 2},
}


def test_package_is_trained_and_reads(project_path: Path, tmp_path: Path) -> None:
    bootstrap_project(project_path)
    conf = str(project_path / "conf")
    with KedroSession.create(
        tmp_path, conf_source=conf, runtime_params={"text_parser": SHORT}
    ) as session:
        session.run(pipeline_names=["text_parser"])
    folder = tmp_path / "data" / "06_models" / "text_parser"
    assert (folder / "resources.json").is_file()
    (graph,) = StanzaParser(folder, "default").parse(["a cup on a table"])
    words = {word for item in graph.objects for word in item.label.split()}
    assert words
    assert words <= {"a", "cup", "on", "table"}  # so little training teaches nothing
    for file in folder.rglob("*.pt"):
        assert str(tmp_path).encode() not in file.read_bytes()
        state = torch.load(file, map_location="cpu", weights_only=False)
        if isinstance(state.get("dicts"), bytes):  # gzip: bytes 4-7 are the time of writing
            assert state["dicts"][4:8] == bytes(4)
