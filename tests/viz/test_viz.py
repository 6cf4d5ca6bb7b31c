"""``kedro viz build`` makes a site that a browser shows: lineage of ``train`` and previews."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from spatial_dual.datasets.loss_curves import LossCurvesDataset
from spatial_dual.datasets.scene_records import SceneRecordsDataset
from spatial_dual.render.source import SceneSource
from tests.viz.browser import CHROMIUM, open_page

pytest.importorskip("kedro_viz", reason="kedro-viz is in the extra 'viz'")
ROWS = [{"step": 10, "loss": 2.0, "kl": 1.0}, {"step": 20, "loss": 1.0, "kl": 0.5}]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(project_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a copy of the project that holds four scenes, one loss curve and two variants."""
    project = tmp_path_factory.mktemp("project")
    (project / "src").mkdir()
    shutil.copy(project_path / "pyproject.toml", project)
    shutil.copytree(project_path / "conf", project / "conf")
    chosen = "ablations: {variants: sd3+singleton, seeds: [0]}\n"
    (project / "conf" / "local" / "parameters_ablations.yml").write_text(chosen)
    source = SceneSource({"train": 4, "val": 1, "test": 1}, image_size=64, workers=1)
    scenes = SceneRecordsDataset(filepath=str(project / "data/02_intermediate/scenes_train"))
    scenes.save(source.chunks("train", 4))
    curves = LossCurvesDataset(filepath=str(project / "data/08_reporting/logs/dgae.jsonl"))
    curves.save({"name": "dgae", "steps": 20, "skipped": 0, "rows": ROWS})
    command = [sys.executable, "-m", "kedro", "viz", "build"]
    command += ["--include-previews", "--include-hooks"]
    place = {**os.environ, "PYTHONPATH": str(project_path / "src"), "KEDRO_ENV": "local"}
    built = subprocess.run(command, cwd=project, env=place, capture_output=True, text=True)
    assert (project / "build" / "index.html").is_file(), built.stdout + built.stderr
    return project / "build"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def graph_of(site: Path, pipeline: str) -> dict[str, Any]:
    return dict(json.loads((site / "api" / "pipelines" / pipeline).read_text()))


def details(site: Path, pipeline: str, name: str) -> dict[str, Any]:
    (found,) = [node for node in graph_of(site, pipeline)["nodes"] if node["name"] == name]
    return dict(json.loads((site / "api" / "nodes" / found["id"]).read_text()))


@pytest.mark.parametrize("pipeline", ["__default__", "ablations"])
def test_layers_follow_the_data(site: Path, pipeline: str) -> None:
    layers = graph_of(site, pipeline)["layers"]
    assert [name for name in layers if name != "reporting"] == [
        *("raw", "intermediate", "primary", "feature", "model_input", "models", "model_output")
    ]


def test_scenes_curves_and_objectives_have_previews(site: Path) -> None:
    assert details(site, "train", "scenes_train")["preview_type"] == "ImagePreview"
    curves = details(site, "train", "dgae_log")["preview"]
    assert [line["name"] for line in curves["data"]] == ["loss", "kl"]
    assert "L_DGAE" in details(site, "train", "train_dgae")["preview"]["content"]


needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium; on Debian: apt-get install chromium"
)
NAMES = "[...document.querySelectorAll('.pipeline-node')].map(n => n.dataset.id)"


@needs_browser
def test_each_variant_is_one_box_until_it_is_opened(
    site: Path, address: str, tmp_path: Path
) -> None:
    nodes = {node["id"]: node for node in graph_of(site, "ablations")["nodes"]}
    with open_page(f"{address}?pid=ablations", tmp_path) as page:
        page.wait_for(f"{NAMES}.length")
        shown = [nodes[name] for name in page.ask(NAMES)]
    boxes = {node["id"] for node in shown if node["type"] == "modularPipeline"}
    assert boxes == {"sd3", "singleton"}
    assert not [node["name"] for node in shown if node["type"] == "task" and inside(node, boxes)]


def inside(node: dict[str, Any], boxes: set[str]) -> set[str]:
    return boxes & set(node.get("modular_pipelines") or [])


@needs_browser
def test_a_browser_finds_the_nodes_and_shows_a_preview(
    site: Path, address: str, tmp_path: Path
) -> None:
    tasks = [node for node in graph_of(site, "train")["nodes"] if node["type"] == "task"]
    (scenes,) = [n for n in graph_of(site, "train")["nodes"] if n["name"] == "scenes_train"]
    with open_page(f"{address}?pid=train", tmp_path) as page:
        page.wait_for(f"{NAMES}.length >= {len(tasks)}")
        shown = page.ask(NAMES)
        assert {node["id"] for node in tasks} <= set(shown)
        click = "new MouseEvent('click', {bubbles: true})"
        dataset = f"document.querySelector('.pipeline-node[data-id=\"{scenes['id']}\"]')"
        page.ask(f"{dataset}.dispatchEvent({click})")
        picture = "document.querySelector('.pipeline-metadata img')"
        page.wait_for(f"{picture} && {picture}.complete && {picture}.naturalWidth")
        assert page.ask(f"{picture}.naturalWidth") > 256
