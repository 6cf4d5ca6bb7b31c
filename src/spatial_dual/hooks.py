"""What every run does beside its nodes: say what it costs, drop what is finished."""

import logging
import os
import resource
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol, DatasetError
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from spatial_dual.pipeline_registry import ABLATIONS, STAGES, load_stage
from spatial_dual.pipelines.splits import PIPELINES as SPLIT_PIPELINES
from spatial_dual.pipelines.splits import TEST, on_split
from spatial_dual.printing import protect_terminal

if TYPE_CHECKING:
    from pandas import DataFrame

logger = logging.getLogger(__name__)


@dataclass
class Cost:
    """Wall and CPU seconds (child processes included) and the peak of resident memory in MiB."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mib: float = 0.0

    def add(self, other: "Cost") -> None:
        """Sum the seconds, keep the higher peak."""
        self.wall_s += other.wall_s
        self.cpu_s += other.cpu_s
        self.peak_mib = max(self.peak_mib, other.peak_mib)


class StageCosts:
    """Logs each node's progress and writes each stage's cost to the catalog entry ``stage_costs``.

    A node is charged from the loading of its first input to the saving of its last output, so work
    that a lazy output does while it is saved counts too. Rows of stages that did not run are kept.
    Costs are right with the sequential runner only.

    ``training_costs`` has a row for each training, the variants' left out. It is written as soon as
    one ends, for tables made later in the same run, and runs without a training leave it alone.
    """

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Start a new account."""
        self._catalog = catalog
        self._costs: dict[str, Cost] = {}
        self._node: Node | None = None
        self._nodes_started = 0
        self._nodes_total = len(pipeline.nodes)

    @hook_impl
    def before_dataset_loaded(self, node: Node) -> None:
        """Charge the node from its first input on."""
        self._start(node)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Charge the node from here on if it has no inputs."""
        self._start(node)

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Charge what the node took."""
        self._charge(node)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Charge what saving an output took."""
        self._charge(node)
        if dataset_name == node.outputs[-1] and _trains(node) and not node.namespace:
            self._store("training_costs", {node.name: self._node_cost})

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Store and log the account."""
        self._report()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Store and log the account of the stages that ran, unless that fails too: full disk."""
        with suppress(DatasetError):
            self._report()

    def _start(self, node: Node) -> None:
        if node is self._node:
            return
        self._node = node
        self._node_cost = Cost()
        self._nodes_started += 1
        self._wall, self._cpu = time.perf_counter(), _cpu_seconds()
        _reset_peak_memory()
        logger.info(
            "[%d/%d] %s: %s", self._nodes_started, self._nodes_total, _stage_of(node), node.name
        )

    def _charge(self, node: Node) -> None:
        wall, cpu = time.perf_counter(), _cpu_seconds()
        cost = Cost(wall - self._wall, cpu - self._cpu, _peak_memory_mib())
        self._costs.setdefault(_stage_of(node), Cost()).add(cost)
        self._node_cost.add(cost)
        self._wall, self._cpu = wall, cpu

    def _report(self) -> None:
        if not self._costs:
            return
        table = self._store("stage_costs", self._costs)
        total = f"{table['wall_s'].sum():.0f} s wall, {table['cpu_s'].sum():.0f} s CPU"
        logger.info("Cost of each stage (%s in all)\n%s", total, table.to_string(index=False))

    def _store(self, entry: str, costs: dict[str, Cost]) -> "DataFrame":
        """Save costs by what they are of, beside those of before; gives them all."""
        import pandas as pd

        of = entry.partition("_")[0]
        rows = [{of: name, **vars(cost)} for name, cost in costs.items()]
        table = pd.DataFrame(rows).round(1)
        if self._catalog.exists(entry):
            earlier = self._catalog.load(entry)
            table = pd.concat([earlier[~earlier[of].isin(table[of])], table])
        table = table.sort_values(of, key=lambda names: names.map(_order), kind="stable")
        self._catalog.save(entry, table)
        return table


class PrintableLogs:
    """Keeps names of files and records, a stranger's perhaps, from writing to the terminal."""

    @hook_impl
    def after_context_created(self) -> None:
        """Before anything is read; Kedro has configured logging by then."""
        protect_terminal()


class OneProcessTraining:
    """Refuses trainings that hold a GPU or start workers under Kedro's ParallelRunner."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Ask the parameters before the first node runs.

        Raises:
            RuntimeError: naming the trainings and what to do instead.
        """
        trainings = [node.name for node in pipeline.nodes if "params:train" in node.inputs]
        if "ParallelRunner" not in str(run_params["runner"]) or not trainings:
            return
        train = catalog.load("params:train")
        if train.get("processes", 1) > 1:
            what, instead = f"start {train['processes']} workers each", "train.processes=1"
        elif _trains_on_gpu(train["device"]):
            what, instead = "hold the GPU", "train.device=cpu"
        else:
            return
        raise RuntimeError(
            f"{', '.join(trainings)}: these {what}, which the processes of ParallelRunner cannot; "
            f"leave --runner=ParallelRunner out, or add --params={instead}"
        )


class PlanPipelines:
    """Makes what depends on parameters: the split that figures are of, and ``ablations``.

    Kedro registers pipelines before parameters are known, but looks a pipeline up only after it
    has created the context of a run.
    """

    _splits: Mapping[str, str] = dict.fromkeys(SPLIT_PIPELINES, TEST)

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read ``generate.split``, ``evaluate.split`` and ``ablations``."""
        parameters = context.config_loader["parameters"]
        self._read_splits(parameters)
        self._plan_ablations(parameters, context)

    def _read_splits(self, parameters: Mapping[str, Any]) -> None:
        """Let the stages after training read the split that the parameters name."""
        of_samples, of_figures = (parameters[name]["split"] for name in ("generate", "evaluate"))
        splits = dict.fromkeys(SPLIT_PIPELINES, of_figures) | {"generate": of_samples}
        if splits == self._splits:  # as registered, or as an earlier run of this process left them
            return
        self._splits = splits
        for name, split in splits.items():
            pipelines[name] = on_split(load_stage(name), split)
        pipelines["__default__"] = sum((pipelines[name] for name in STAGES), Pipeline([]))

    def _plan_ablations(self, parameters: Mapping[str, Any], context: KedroContext) -> None:
        """Give each variant and seed the parameters of its namespace.

        Runs of other pipelines are spared the work.
        """
        from spatial_dual.parameter_check import ParameterError
        from spatial_dual.pipelines.ablations.pipeline import create_pipeline
        from spatial_dual.pipelines.ablations.plan import check_plan, make_plan

        requested = pipelines._requested_pipelines  # as Kedro's find_pipelines; None: all
        if requested is not None and ABLATIONS not in requested:
            return
        try:
            plan = make_plan(parameters)
            check_plan(plan)
        except ValueError as error:
            key, _, text = str(error).partition(": ")
            raise ParameterError.at({key: text}, context) from error
        context.config_loader["parameters"] = {**parameters, **plan.parameters()}
        pipelines[ABLATIONS] = create_pipeline(plan, pipelines["__default__"])


class ClearProgress:
    """Forgets a training's checkpoint (``<model>_progress``) once all it gives is saved."""

    @hook_impl
    def before_pipeline_run(self, catalog: CatalogProtocol) -> None:
        """Remember the catalog that the run saves to."""
        self._catalog = catalog

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Clear the progress that the node was trained with, if any, after its last output."""
        if dataset_name == node.outputs[-1]:
            for name in filter(_is_progress, node.inputs):
                self._catalog.load(name).clear()


def _trains_on_gpu(device: str) -> bool:
    from spatial_dual.devices import choose_device

    return choose_device(device).type == "cuda"


def _trains(node: Node) -> bool:
    return any(map(_is_progress, node.inputs))


def _is_progress(dataset: str) -> bool:
    return dataset.endswith("_progress")


def _stage_of(node: Node) -> str:
    return next(iter(node.tags & {*STAGES, ABLATIONS}), "other")


def _order(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


def _cpu_seconds() -> float:
    return sum(os.times()[:4])


def _reset_peak_memory() -> None:
    # where Linux's counter cannot be reset, the peak is that of the whole run so far
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
