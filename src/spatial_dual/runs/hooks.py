"""Kedro hooks that keep ledger and run manifests, and make ``--only-missing-outputs`` true."""

import atexit
import logging
import shlex
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

import spatial_dual
from spatial_dual.runs.code import CodeReader
from spatial_dual.runs.ledger import Ledger, StaleAwareCatalog, stale_outputs
from spatial_dual.runs.lock import RunLock
from spatial_dual.runs.manifest import Manifest, kedro_command, new_manifest, now, save_manifest
from spatial_dual.runs.recipe import Recipe, Recipes, digest

logger = logging.getLogger(__name__)


class RunRecords:
    """Keeps ``<data>/runs``: a manifest of each run, and in ``outputs/`` what made each output.

    With ``--only-missing-outputs`` stale outputs count as missing; without, the run says which
    stale ones it reads. A second run on the same data is refused. Ctrl-C and SIGTERM alike stop a
    run; how to go on is printed.
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
        self._manifest: Manifest = new_manifest(run_params, catalog.load("parameters"))
        self._started = time.perf_counter()
        self._lock = RunLock(self._folder)
        self._lock.acquire(
            f"run {self._manifest['id']} (process {self._manifest['pid']}: "
            f"{shlex.join(self._manifest['command'])})"
        )
        self._continue_with = shlex.join([*kedro_command(run_params), "--only-missing-outputs"])
        self._handler = signal.getsignal(signal.SIGTERM)
        _handle_termination(signal.default_int_handler)
        atexit.register(self._stopped)
        save_manifest(self._folder, self._manifest)
        made = pipeline.all_outputs()
        others = [node for node in pipelines["__default__"].nodes if made.isdisjoint(node.outputs)]
        everything = Pipeline(others) + pipeline
        package = Path(spatial_dual.__file__).parent
        self._catalog = catalog
        self._recipes = Recipes(everything.nodes, catalog, CodeReader(package))
        self._ledger = Ledger(self._folder / "outputs")
        self._saved: list[str] = []
        self._making: dict[str, Recipe] = {}
        if run_params["only_missing_outputs"]:
            self._mark_stale(pipeline)
        self._warn_of_stale_inputs(everything, pipeline)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Note what the node's outputs are made of, before anything changes."""
        recipe = self._making[node.name] = self._recipes.of(node)
        for output in filter(self._recipes.is_kept, node.outputs):
            dataset: Any = self._catalog.get(output)
            if hasattr(dataset, "recipe"):
                dataset.recipe = digest(recipe)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Enter an output in the ledger."""
        if self._recipes.is_kept(dataset_name):
            recipe, run = self._making[node.name], self._manifest["id"]
            self._ledger.record(dataset_name, self._catalog, recipe, run)
            self._saved.append(dataset_name)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Finish the manifest."""
        self._finish("done")

    @hook_impl(trylast=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Finish the manifest with the error."""
        with suppress(OSError):  # of a full disk
            self._finish("failed", error=f"{type(error).__name__}: {error}")
        logger.error("All that was finished is kept. Go on with: %s", self._continue_with)

    def _finish(self, status: str, **more: str) -> None:
        atexit.unregister(self._stopped)
        _handle_termination(self._handler)
        seconds = round(time.perf_counter() - self._started, 1)
        outputs = self._ledger.contents(self._saved)
        ended = {"status": status, "finished": now(), "seconds": seconds, "outputs": outputs}
        save_manifest(self._folder, {**self._manifest, **ended, **more})
        self._lock.release()

    def _stopped(self) -> None:
        """At the exit of a process that was told to stop, which raises no error in Kedro."""
        self._finish("stopped")
        logger.warning("Stopped. Go on with: %s", self._continue_with)

    def _mark_stale(self, pipeline: Pipeline) -> None:
        if not isinstance(self._catalog, StaleAwareCatalog):
            raise TypeError("--only-missing-outputs needs the SequentialRunner or ThreadRunner")
        stale = stale_outputs(pipeline, self._catalog, self._recipes, self._ledger)
        self._catalog.stale = frozenset(stale)
        for name, reasons in stale.items():
            logger.info("%s: %s", name, "; ".join(reasons))
        if not stale:
            logger.info("Everything is up to date")

    def _warn_of_stale_inputs(self, everything: Pipeline, pipeline: Pipeline) -> None:
        read = pipeline.inputs() & set(self._recipes.maker)
        if not read:
            return
        upstream = everything.to_outputs(*read)
        stale = stale_outputs(upstream, self._catalog, self._recipes, self._ledger)
        if read & stale.keys():
            logger.warning(
                "Read as they are, though stale: %s", ", ".join(sorted(read & stale.keys()))
            )
            for name, reasons in stale.items():
                logger.warning("%s: %s", name, "; ".join(reasons))


def _handle_termination(handler: Any) -> None:
    with suppress(ValueError):  # signals reach the main thread only
        signal.signal(signal.SIGTERM, handler)
