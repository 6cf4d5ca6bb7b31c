"""Kedro hooks that keep ledger and run manifests, and make ``--only-missing-outputs`` true."""

import atexit
import logging
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from spatial_dual.datasets.progress import ProgressDataset
from spatial_dual.runs.fingerprints import Fingerprints, Recipe, StaleAwareCatalog, digest
from spatial_dual.runs.manifest import (
    lock_runs,
    new_manifest,
    now,
    number_run,
    resumed,
    save_manifest,
    usable,
)
from spatial_dual.training.stopping import stop_signals

PACKAGE = __name__.partition(".")[0]
OF_RUNS = {"stage_costs", "training_costs", "run_manifests"}
"""What runs leave of themselves, their seconds above all. What is made from it is another in every
run, so manifests leave it out and nobody is warned that it changed."""

logger = logging.getLogger(__name__)


class RunRecords:
    """Keeps ``<data>/runs``: a manifest of each run, and in ``outputs/`` what made each output.

    With ``--only-missing-outputs`` stale outputs count as missing; without, the run says which
    stale ones it reads. A second run on the same data is refused. Ctrl-C, SIGTERM and SIGHUP alike
    stop a run; how to go on is printed.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Find the folder."""
        data = context.config_loader["globals"]["data"]
        self._folder = Path(context.project_path) / data / "runs"

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Lock the folder, begin the manifest, find what is stale."""
        self._started = time.perf_counter()
        self._manifest = new_manifest(run_params, catalog.load("parameters"))
        self._outputs: dict[str, str] = self._manifest.setdefault("outputs", {})
        with usable(self._folder.parent):
            self._lock = lock_runs(self._folder)
            number_run(self._folder, self._manifest)
            save_manifest(self._folder, self._manifest)
        self._handlers = {number: signal.getsignal(number) for number in stop_signals()}
        _handle(dict.fromkeys(self._handlers, signal.default_int_handler))
        atexit.register(self._stopped)
        made = pipeline.all_outputs()
        others = [node for node in pipelines["__default__"].nodes if made.isdisjoint(node.outputs)]
        everything = Pipeline(others) + pipeline
        self._catalog = catalog
        entries = self._folder / "outputs"
        self._fingerprints = Fingerprints(entries, everything, catalog, PACKAGE)
        self._making: dict[str, Recipe] = {}
        self._of_runs = set(OF_RUNS)
        if run_params["only_missing_outputs"]:
            self._mark_stale(pipeline)
        self._warn_of_stale_inputs(everything, pipeline)

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str, node: Node) -> None:
        """Tell a training's progress what the training is made of."""
        dataset: Any = self._catalog.get(dataset_name)
        if isinstance(dataset, ProgressDataset):
            dataset.recipe = digest(self._fingerprints.recipe(node))

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Note what the node's outputs are made of, before anything changes."""
        recipe = self._making[node.name] = self._fingerprints.recipe(node)
        for output in filter(self._fingerprints.is_kept, node.outputs):
            dataset: Any = self._catalog.get(output)
            if hasattr(dataset, "recipe"):
                dataset.recipe = digest(recipe)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Enter an output in the ledger."""
        if is_of_runs := not self._of_runs.isdisjoint(node.inputs):
            self._of_runs.add(dataset_name)
        if self._fingerprints.is_kept(dataset_name):
            recipe, run = self._making[node.name], self._manifest["id"]
            content = self._fingerprints.record(dataset_name, recipe, run, not is_of_runs)
            if not is_of_runs:
                self._outputs[dataset_name] = content

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Finish the manifest."""
        self._finish("done")

    @hook_impl(trylast=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Finish the manifest with the error."""
        with suppress(OSError):  # of a full disk
            self._finish("failed", error=f"{type(error).__name__}: {error}")
        command = resumed(self._manifest["command"])
        logger.error("All that was finished is kept. Go on with: %s", command)

    def _finish(self, status: str, **more: str) -> None:
        atexit.unregister(self._stopped)
        _handle(self._handlers)
        seconds = round(time.perf_counter() - self._started, 1)
        self._manifest |= {"status": status, "finished": now(), "seconds": seconds, **more}
        save_manifest(self._folder, self._manifest)
        self._lock.release()

    def _stopped(self) -> None:
        """At the exit of a process that was told to stop, which raises no error in Kedro."""
        self._finish("stopped")
        logger.warning("Stopped. Go on with: %s", resumed(self._manifest["command"]))

    def _mark_stale(self, pipeline: Pipeline) -> None:
        if not isinstance(self._catalog, StaleAwareCatalog):
            raise TypeError("--only-missing-outputs needs the SequentialRunner or ThreadRunner")
        stale = self._fingerprints.stale(pipeline)
        self._catalog.stale = frozenset(stale)
        _say(logging.INFO, stale)
        if not stale:
            logger.info("Everything is up to date")

    def _warn_of_stale_inputs(self, everything: Pipeline, pipeline: Pipeline) -> None:
        if read := pipeline.inputs() & set(self._fingerprints.maker):
            stale = self._fingerprints.stale(everything.to_outputs(*read))
            if found := sorted(read & stale.keys()):
                logger.warning("Read as they are, though stale: %s", ", ".join(found))
                _say(logging.WARNING, stale)


def _say(level: int, stale: dict[str, list[str]]) -> None:
    for name, reasons in stale.items():
        logger.log(level, "%s: %s", name, "; ".join(reasons))


def _handle(handlers: Mapping[signal.Signals, Any]) -> None:
    with suppress(ValueError):  # signals reach the main thread only
        for number, handler in handlers.items():
            signal.signal(number, handler)
