"""What the documents name is there: files, pipelines, nodes, parameters, targets, options."""

import json
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.cli.utils import _split_params
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project

from spatial_dual.commands.main import _parser
from spatial_dual.parameter_check import ProjectParameters
from spatial_dual.pipelines.parameters import problems
from spatial_dual.settings import CONFIG_LOADER_ARGS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "notebooks/tour.ipynb")
    ),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "src").rglob("*.md")),
)
CODE = re.compile(r"```\w*\n(.*?)```|^((?:    .*\n)+)|`([^`]+)`", re.DOTALL | re.MULTILINE)
PLACES = (ROOT, ROOT / "src", ROOT / "src" / "spatial_dual")
MADE = ("data", "build", ".venv")
"""Folders that runs and installations make."""
NAMED_FILE = re.compile(r"[\w.-]+/[\w./-]*(\.(py|yml|md|json|ipynb)|/|(?<=conf/)\w+)")
PLACEHOLDER = re.compile("'[A-Z_]+': ")


def text_of(document: Path) -> str:
    text = document.read_text("utf-8")
    if document.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def code_of(document: Path) -> list[str]:
    """Lines of code blocks and pieces of code in the text."""
    pieces: list[str] = []
    for fenced, indented, inline in CODE.findall(text_of(document)):
        block = re.sub(r"\\\n\s*", "", fenced or indented)
        pieces += [line.split(" #")[0].strip() for line in block.splitlines()]
        pieces.append(" ".join(inline.split()))
    return [piece for piece in pieces if piece]


def commands(start: str) -> list[str]:
    """All commands of the documents that begin so, each once."""
    return sorted(
        {code for document in DOCUMENTS for code in code_of(document) if code.startswith(start)}
    )


def options_of(command: str) -> dict[str, str]:
    parts = [part for part in shlex.split(command) if part.startswith("--")]
    return {name.lstrip("-"): value for name, _, value in (p.partition("=") for p in parts)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_exists(document: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", text_of(document))
    lost = [link for link in links if not (document.parent / link).exists()]
    for piece in code_of(document):
        if NAMED_FILE.fullmatch(piece) and piece.partition("/")[0] not in MADE:
            places = (*PLACES, document.parent)
            lost += [] if any((place / piece).exists() for place in places) else [piece]
    assert lost == []


@cache
def wrong_parameters(environment: str, given: str) -> list[str]:
    runtime = _split_params(None, None, given)
    loader = OmegaConfigLoader(str(ROOT / "conf"), environment, runtime, **CONFIG_LOADER_ARGS)
    return list(problems(ProjectParameters, loader["parameters"]).values())


@pytest.mark.parametrize("command", commands("kedro run"))
def test_every_run_would_start(command: str) -> None:
    options = options_of(command)
    allowed = {"env", "pipelines", "nodes", "from-nodes", "only-missing-outputs", "params"}
    assert options.keys() <= allowed
    wrong = wrong_parameters(options.get("env", "local"), options.get("params", ""))
    assert [text for text in wrong if not PLACEHOLDER.match(text)] == []
    bootstrap_project(ROOT)
    chosen = options.get("pipelines", "__default__").split(",")
    assert set(chosen) <= set(pipelines)
    named = {name for key in ("nodes", "from-nodes") for name in options.get(key, "").split(",")}
    assert named - {""} <= {node.name for name in chosen for node in pipelines[name].nodes}


@pytest.mark.parametrize("command", commands("python "))
def test_every_program_exists(command: str) -> None:
    program = re.match(r"python (?:-m ([\w.]+)|([\w./]+\.py))", command)
    assert program, command
    module, path = program.groups()
    assert (ROOT / (path or module.replace(".", "/") + ".py")).is_file()


@pytest.mark.parametrize("command", commands("make "))
def test_every_target_exists(command: str) -> None:
    assert f"\n{command.split()[1]}:" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("command", commands("spatial-dual "))
def test_every_command_line_is_understood(command: str) -> None:
    _parser().parse_args(shlex.split(command)[1:])
