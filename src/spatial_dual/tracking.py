"""Parameters, loss curves and metrics of a run sent to MLflow, where the user asks for it."""

import atexit
import logging
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from spatial_dual.metrics.table import flatten

EXPERIMENT = "spatial-dual"
METRICS_A_CALL = 1000  # MLflow takes no more, and a hundred parameters
PARAMETERS_A_CALL = 100
PARAMETER_LENGTH = 6000

logger = logging.getLogger(__name__)


class MlflowTracking:
    """One MLflow run for each run, where ``MLFLOW_TRACKING_URI`` names a server or a folder.

    Without that variable nothing is sent and MLflow is not imported. A server that fails costs a
    warning, never the run; after it only the run's end is sent, for one that hangs holds up a run
    each time that it is asked.
    """

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Begin a run named as ours, with the parameters that its nodes read.

        Raises:
            RuntimeError: the variable is set and MLflow is not installed.
        """
        self._client: Any = None
        self._failed = False
        if "MLFLOW_TRACKING_URI" not in os.environ:
            return
        try:
            from mlflow import MlflowClient
        except ModuleNotFoundError as error:
            raise RuntimeError(
                "MLFLOW_TRACKING_URI is set, but MLflow is not installed; unset it, or run "
                "pip install 'spatial-dual[mlflow]'"
            ) from error
        # MLflow asks a server that does not answer seven times, over minutes
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        with self._only_warned("this run will not be in MLflow"):
            client = MlflowClient()
            known = client.get_experiment_by_name(EXPERIMENT)
            experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT)
            self._run = client.create_run(experiment, run_name=run_params["run_id"]).info.run_id
            self._client = client
        if self._client is not None:
            atexit.register(self._end, "KILLED")  # a run that is told to stop
            read = sorted(name for name in pipeline.inputs() if name.startswith("params:"))
            self._send_parameters({name[len("params:") :]: catalog.load(name) for name in read})

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Send the curves of a training's log, and the numbers of ``metrics``."""
        if self._client is None or self._failed:
            return
        if dataset_name.endswith("_log"):
            self._send(_curves(dataset_name.removesuffix("_log"), data))
        elif dataset_name.rpartition(".")[2] == "metrics":
            prefix = dataset_name.removesuffix("metrics")
            self._send((f"{prefix}{key}", value, 0) for key, value in flatten(data))

    @hook_impl
    def after_pipeline_run(self) -> None:
        """End the MLflow run."""
        self._end("FINISHED")

    @hook_impl
    def on_pipeline_error(self) -> None:
        """End the MLflow run as failed."""
        self._end("FAILED")

    def _send_parameters(self, parameters: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        values = dict(flatten(parameters))  # once each, where a node reads a part of another's
        params = [Param(key, str(value)[:PARAMETER_LENGTH]) for key, value in values.items()]
        with self._only_warned("parameters, and all that follows, are not sent"):
            for start in range(0, len(params), PARAMETERS_A_CALL):
                some = params[start : start + PARAMETERS_A_CALL]
                self._client.log_batch(self._run, params=some)

    def _send(self, values: Iterator[tuple[str, Any, int]]) -> None:
        from mlflow.entities import Metric

        metrics = [Metric(key, value, 0, step) for key, value, step in values if _is_number(value)]
        with self._only_warned("curves or metrics, and all that follows, are not sent"):
            for start in range(0, len(metrics), METRICS_A_CALL):
                some = metrics[start : start + METRICS_A_CALL]
                self._client.log_batch(self._run, metrics=some)

    def _end(self, status: str) -> None:
        atexit.unregister(self._end)
        if self._client is not None:
            with self._only_warned("the run is left open"):
                self._client.set_terminated(self._run, status)

    @contextmanager
    def _only_warned(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of MLflow, of what it sends by, of an address that is none
            self._failed = True
            logger.warning("MLflow: %s: %s", what, error)


def _curves(name: str, log: Mapping[str, Any]) -> Iterator[tuple[str, Any, int]]:
    for row in log["rows"]:
        for part in row.keys() - {"step"}:
            yield f"{name}.{part}", row[part], row["step"]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
