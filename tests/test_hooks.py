from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kedro_datasets.pandas import CSVDataset
from PIL import Image

from spatial_dual.datasets.figures import FigureDataset
from spatial_dual.datasets.progress import ProgressDataset
from spatial_dual.hooks import ClearProgress, StageCosts


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    return DataCatalog(
        {
            "stage_costs": CSVDataset(
                filepath=str(tmp_path / "costs.csv"), save_args={"index": False}
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


def test_progress_is_cleared_once_its_model_is_saved(catalog: DataCatalog, tmp_path: Path) -> None:
    for name in ("finished", "other"):
        progress = ProgressDataset(filepath=str(tmp_path / name))
        catalog[f"{name}_progress"] = progress
        progress.load().path.parent.mkdir()
        progress.load().path.write_bytes(b"half-way")
    catalog["finished"] = FigureDataset(filepath=str(tmp_path / "finished.png"))
    inputs = ["seed", "finished_progress", "other_progress"]
    run(Pipeline([node(draw, inputs, "finished", name="draw")]), catalog)
    assert not catalog.exists("finished_progress")
    assert catalog.exists("other_progress")
