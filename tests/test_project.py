"""The project as Kedro sees it: pipelines, catalog and parameters of every environment."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest
from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog

from spatial_dual.pipeline_registry import ON_REQUEST, STAGES, TRAINING_STAGES

ENVIRONMENTS = ("local", "smoke", "gpu", "photos", "vsd", "3dssg", "factual")
HEAVY = ("torch", "transformers", "open3d", "stanza", "pyarrow", "pandas")


def load_context(project: Path, environment: str, **runtime_params: object) -> KedroContext:
    bootstrap_project(project)
    params = {"photos": {"path": "somewhere"}, **runtime_params}
    with KedroSession.create(project, env=environment, runtime_params=params) as session:
        return session.load_context()


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def catalog(request: pytest.FixtureRequest, project_path: Path) -> DataCatalog:
    return load_context(project_path, request.param).catalog


def test_registry_list_is_quick_and_light(project_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kedro", "registry", "list"],
        cwd=project_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    names = {"__default__", "train", "ablations", *STAGES, *ON_REQUEST}
    assert names == set(listed.stdout.replace("- ", "").split())
    imported = {line.rsplit("|", 1)[-1].strip() for line in listed.stderr.splitlines()}
    assert not imported.intersection(HEAVY)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_train_and_default_are_made_of_the_stages(project_path: Path) -> None:
    bootstrap_project(project_path)
    nodes = {name: {node.name for node in pipeline.nodes} for name, pipeline in pipelines.items()}
    assert nodes["train"] == set().union(*(nodes[stage] for stage in TRAINING_STAGES))
    assert nodes["__default__"] == set().union(*(nodes[stage] for stage in STAGES))


@pytest.mark.parametrize("name", ON_REQUEST)
def test_nodes_on_request_have_names_of_their_own(project_path: Path, name: str) -> None:
    bootstrap_project(project_path)
    made = pipelines[name].all_outputs()
    others = {n.name for n in pipelines["__default__"].nodes if made.isdisjoint(n.outputs)}
    assert others.isdisjoint(node.name for node in pipelines[name].nodes)


def test_kedro_can_read_the_types_of_every_node(project_path: Path) -> None:
    bootstrap_project(project_path)
    for node in pipelines["__default__"].nodes:
        assert get_type_hints(node.func), node.name


def test_every_dataset_and_class_can_be_made(catalog: DataCatalog) -> None:
    names = {name for name in pipelines["__default__"].datasets() if not is_parameter(name)}
    for name in sorted(name for name in names if name in catalog):
        dataset = catalog.get(name)
        if hasattr(dataset, "_class"):
            assert isinstance(dataset._class.get(), type), name


def test_every_stage_can_run_alone(catalog: DataCatalog) -> None:
    missing = [
        f"{stage}: {name}"
        for stage in STAGES
        for name in sorted(pipelines[stage].inputs())
        if name not in catalog or not (is_parameter(name) or is_kept(catalog, name))
    ]
    assert not missing


def test_nothing_is_read_that_no_stage_makes(catalog: DataCatalog) -> None:
    free = {name for name in pipelines["__default__"].inputs() if not is_parameter(name)}
    optional = {  # empty if absent
        *("ablation_results", "ablation_scores", "ratings", "training_costs", "rated_samples"),
        "run_manifests",
    }
    resumed = {name for name in free if name.endswith("_progress")}
    assert free - {"scene_source"} - optional == resumed


def test_max_steps_reaches_every_training(project_path: Path) -> None:
    context = load_context(project_path, "smoke", train={"max_steps": 20})
    assert context.params["train"] == {"device": "auto", "max_steps": 20}
    trainings = [
        node
        for node in pipelines["__default__"].nodes
        if any(n.endswith("_progress") for n in node.inputs)
    ]
    assert trainings
    for node in trainings:
        assert "params:train" in node.inputs, node.name


@pytest.mark.parametrize("name", ["seed", "image_size"])
def test_data_and_trainings_agree(project_path: Path, name: str) -> None:
    for context in (
        load_context(project_path, "local"),
        load_context(project_path, "local", **{name: 96}),
    ):
        assert context.catalog.get("scene_source")._describe()[name] == context.params[name]


def is_parameter(name: str) -> bool:
    return name == "parameters" or name.startswith("params:")


def is_kept(catalog: DataCatalog, name: str) -> bool:
    return not getattr(catalog.get(name), "_EPHEMERAL", False)
