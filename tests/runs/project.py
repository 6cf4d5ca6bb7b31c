"""A project of four small trainings in a row, run by Kedro's runner with the project's hooks."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import MemoryDataset
from kedro.pipeline import Node, Pipeline, node
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset
from torch import Tensor, nn

from spatial_dual.datasets.models import ModelDataset
from spatial_dual.datasets.progress import ProgressDataset
from spatial_dual.hooks import ClearProgress
from spatial_dual.runs import hooks as run_hooks
from spatial_dual.runs.fingerprints import StaleAwareCatalog
from spatial_dual.seeding import seeded_torch
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import Batch, fit

TRAININGS = ("dgae", "alignment", "graph_diffusion", "dual")
UPDATES = 7
UPDATES_AN_EPOCH = 3
At = Callable[..., None]


@dataclass(frozen=True)
class LineConfig:
    width: int = 2


class Line(nn.Linear):
    Config = LineConfig

    def __init__(self, config: LineConfig) -> None:
        super().__init__(config.width, config.width)
        self.config = config


class Points:
    """Random points; the targets depend on the training before."""

    def __init__(self, slope: float) -> None:
        self.slope = slope

    def __len__(self) -> int:
        return 4 * UPDATES_AN_EPOCH

    def load(self, indices: np.ndarray, generator: torch.Generator) -> Batch:
        x = torch.from_numpy(np.stack([indices, indices + 1], axis=1)).float()
        return {"x": x, "y": self.slope * x + torch.randn(x.shape, generator=generator)}


def run(folder: Path, at: At) -> None:
    """Run what is missing or stale; calls ``at(event, name, …)`` where the process may die."""
    pipeline = Pipeline([_node(number, at) for number in range(len(TRAININGS))])
    run_hooks.pipelines = {"__default__": pipeline}
    catalog = StaleAwareCatalog({"start": MemoryDataset(None), "parameters": MemoryDataset({})})
    for name in TRAININGS:
        catalog[name] = ModelDataset(filepath=str(folder / name), **{"class": f"{__name__}.Line"})
        catalog[f"{name}_log"] = JSONDataset(filepath=str(folder / f"{name}.json"))
        catalog[f"{name}_progress"] = ProgressDataset(filepath=str(folder / "progress" / name))
    manager = _create_hook_manager()
    records = run_hooks.RunRecords()
    for hook in (ClearProgress(), records):
        manager.register(hook)
    context = SimpleNamespace(config_loader={"globals": {"data": "."}}, project_path=folder)
    records.after_context_created(context)  # type: ignore[arg-type]
    params = {"run_id": "run", "project_path": str(folder), "only_missing_outputs": True}
    arguments: dict[str, Any] = {"run_params": params, "pipeline": pipeline, "catalog": catalog}
    manager.hook.before_pipeline_run(**arguments)
    manager.register(_Watch(at))
    SequentialRunner().run(pipeline, catalog, manager, only_missing_outputs=True)
    manager.hook.after_pipeline_run(run_result={}, **arguments)


class _Watch:
    """Called by Kedro before the project's own hooks, for it is registered last."""

    def __init__(self, at: At) -> None:
        self._at = at

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        self._at("saving", dataset_name)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        self._at("saved", dataset_name)

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        self._at("trained", node.name)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        self._at("beginning", node.name)


def _node(number: int, at: At) -> Node:
    name = TRAININGS[number]

    def train(before: Line | None, progress: CheckpointStore) -> tuple[Line, dict[str, Any]]:
        def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            counted[0] += 1
            at("update", name, counted[0])
            return {"loss": ((model(batch["x"]) - batch["y"]) ** 2).mean()}

        counted = [0]
        slope = 1.0 if before is None else float(before.weight.detach().sum())
        with seeded_torch(0, name):
            model = Line(LineConfig())
        config = FitConfig(UPDATES, 4, 0.01, device="cpu", precision="float32", checkpoint_every=2)
        log = fit(name, model, loss, Points(slope), config, progress)
        return model, log.to_dict()

    before = TRAININGS[number - 1] if number else "start"
    return node(train, [before, f"{name}_progress"], [name, f"{name}_log"], name=f"train_{name}")
