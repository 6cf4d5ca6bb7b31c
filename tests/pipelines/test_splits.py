"""Parameters name the split that samples are taken from and figures are of."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click import ClickException
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines.splits import PIPELINES, on_split


@pytest.fixture
def project(project_path: Path) -> Iterator[Path]:
    """The pipelines are the process's own: left as they are registered."""
    bootstrap_project(project_path)
    pipelines.set_requested(["generate", "evaluate"])
    yield project_path
    start(project_path)
    pipelines.set_requested(None)


def start(project: Path, **parameters: object) -> None:
    with KedroSession.create(project, env="smoke", runtime_params=parameters) as session:
        session.load_context()


def splits_read(names: tuple[str, ...] = PIPELINES) -> set[str]:
    read = {name for each in names for name in pipelines[each].inputs() if "_test" in name}
    return read


def test_only_datasets_of_the_test_split_are_exchanged() -> None:
    def joined(*parts: object) -> object:
        return parts

    nodes = [
        node(joined, ["scenes_train", "scenes_test", "params:a"], "made", name="one"),
        node(joined, ["made", "graphs_test"], "late_test", name="two"),
        node(joined, ["late_test"], "end", name="three"),
    ]
    pipeline = Pipeline(nodes, tags="stage")
    other = on_split(pipeline, "val")
    assert other.inputs() == {"scenes_train", "scenes_val", "graphs_val", "params:a"}
    assert other.all_outputs() == pipeline.all_outputs()  # what is made keeps its name
    assert {n.name for n in other.nodes} == {"one", "two", "three"}
    assert all(n.tags == {"stage"} for n in other.nodes)
    assert on_split(pipeline, "test") is pipeline


def test_validation_leaves_the_test_split_alone_and_the_next_run_reads_it_again(
    project: Path,
) -> None:
    start(project)
    assert {"scenes_test", "graphs_test"} <= splits_read()
    start(project, generate={"split": "val"})
    assert splits_read() == set()
    after = pipelines["__default__"].only_nodes_with_tags("generate", "evaluate", "report")
    assert not {name for name in after.inputs() if name.endswith("_test")}
    assert "scenes_val" in after.inputs()
    start(project)
    assert "scenes_test" in splits_read(("generate",))
    assert "scenes_test" in pipelines["__default__"].only_nodes_with_tags("generate").inputs()


def test_figures_of_another_split_than_the_samples_are_refused(project: Path) -> None:
    with pytest.raises(ClickException, match=r"evaluate\.split: val: must be test"):
        start(project, evaluate={"split": "val"})
    with pytest.raises(ClickException, match=r"generate\.split: 'train'"):
        start(project, generate={"split": "train"})
