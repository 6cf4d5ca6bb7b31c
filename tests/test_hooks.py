from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import ParallelRunner, SequentialRunner
from kedro_datasets.pandas import CSVDataset
from PIL import Image

from spatial_dual.datasets.figures import FigureDataset
from spatial_dual.datasets.progress import ProgressDataset
from spatial_dual.hooks import ClearProgress, OneProcessTraining, StageCosts


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    return DataCatalog(
        {
            "stage_costs": CSVDataset(
                filepath=str(tmp_path / "costs.csv"), save_args={"index": False}
            ),
            "training_costs": CSVDataset(
                filepath=str(tmp_path / "trainings.csv"), save_args={"index": False}
            ),
            "seed": MemoryDataset(1),
        }
    )


def run(pipeline: Pipeline, catalog: DataCatalog) -> None:
    hooks = _create_hook_manager()
    hooks.register(StageCosts())
    hooks.register(ClearProgress())
    arguments = {"run_params": {}, "pipeline": pipeline, "catalog": catalog}
    hooks.hook.before_pipeline_run(**arguments)
    SequentialRunner().run(pipeline, catalog, hooks)
    hooks.hook.after_pipeline_run(**arguments, run_result={})


def square(seed: int, size: int = 256) -> int:
    matrix = np.ones((size, size))
    for _ in range(20):
        matrix = matrix @ matrix / size
    return int(matrix[0, 0] * seed)


def hold(seed: int) -> int:
    return int(np.ones(64 * 2**20, np.uint8)[seed])


def draw(seed: int, *progress: object) -> Image.Image:
    return Image.new("L", (seed, seed))


def test_costs_are_kept_by_stage(catalog: DataCatalog) -> None:
    run(Pipeline([node(square, "seed", "a", name="square", tags="dgae")]), catalog)
    run(Pipeline([node(hold, "seed", "b", name="hold", tags="scenes")]), catalog)
    run(Pipeline([node(square, "seed", "c", name="again", tags="dgae")]), catalog)
    costs: pd.DataFrame = catalog.load("stage_costs")
    assert costs["stage"].tolist() == ["scenes", "dgae"]
    assert (costs[["wall_s", "cpu_s", "peak_mib"]] >= 0).all().all()
    scenes, dgae = costs["peak_mib"]
    assert scenes > dgae + 32  # each stage has its own peak


def test_costs_of_trainings_are_there_for_later_nodes_and_change_with_trainings_alone(
    catalog: DataCatalog, tmp_path: Path
) -> None:
    catalog["model_progress"] = ProgressDataset(filepath=str(tmp_path / "progress"))
    train = node(
        lambda seed, progress: square(seed), ["seed", "model_progress"], "model", name="train"
    )
    table = node(lambda _, costs: costs["training"].tolist(), ["model", "training_costs"], "table")
    variant = Pipeline([train], namespace="sd3", inputs={"seed", "model_progress"})
    run(Pipeline([train, table]) + variant, catalog)
    assert catalog.load("table") == ["train"]
    before = catalog.load("training_costs")
    run(Pipeline([node(square, "seed", "other")]) + variant, catalog)
    pd.testing.assert_frame_equal(catalog.load("training_costs"), before)


@pytest.mark.parametrize("fails", [False, True])
def test_progress_is_cleared_once_all_outputs_are_saved(
    catalog: DataCatalog, tmp_path: Path, fails: bool
) -> None:
    progress = ProgressDataset(filepath=str(tmp_path / "progress"))
    progress.load().path.parent.mkdir()
    progress.load().path.write_bytes(b"half-way")
    catalog["model_progress"] = progress
    catalog["model"] = FigureDataset(filepath=str(tmp_path / "model.png"))
    catalog["model_log"] = FigureDataset(filepath=str(tmp_path / "log.png"))
    log = "no picture" if fails else draw(3)
    train = node(
        lambda seed, progress: (draw(seed), log), ["seed", "model_progress"], ["model", "model_log"]
    )
    with pytest.raises(DatasetError) if fails else nullcontext():
        run(Pipeline([train]), catalog)
    assert catalog.exists("model")
    assert catalog.exists("model_progress") == fails


def choose_runner(runner: str, train: dict[str, object], inputs: list[str]) -> None:
    OneProcessTraining().before_pipeline_run(
        run_params={"runner": runner},
        pipeline=Pipeline([node(draw, inputs, "model", name="train_model")]),
        catalog=DataCatalog({"params:train": MemoryDataset(train)}),
    )


@pytest.mark.parametrize(
    ("train", "named"),
    [
        ({"device": "cuda"}, r"train_model: these hold the GPU.*train\.device=cpu"),
        ({"device": "cpu", "processes": 2}, r"train_model: these start 2.*train\.processes=1"),
    ],
)
def test_trainings_that_need_their_own_processes_refuse_the_parallel_runner(
    train: dict[str, object], named: str
) -> None:
    parallel = str(ParallelRunner())
    with pytest.raises(RuntimeError, match=named):
        choose_runner(parallel, train, ["params:train"])
    choose_runner(str(SequentialRunner()), train, ["params:train"])
    choose_runner(parallel, train, ["seed"])
    choose_runner(parallel, {"device": "cpu"}, ["params:train"])
