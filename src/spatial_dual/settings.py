"""Kedro's project settings, see https://docs.kedro.org/en/stable/configure/configuration_basics/."""

import os
import warnings

from spatial_dual.hooks import (
    ClearProgress,
    OneProcessTraining,
    PlanPipelines,
    PrintableLogs,
    StageCosts,
)
from spatial_dual.parameter_check import ParameterCheck
from spatial_dual.runs.fingerprints import StaleAwareCatalog
from spatial_dual.runs.hooks import RunRecords
from spatial_dual.threads import share_cores
from spatial_dual.tracking import MlflowTracking

# Kedro reports usage over the network unless told otherwise.
os.environ.setdefault("DO_NOT_TRACK", "1")
share_cores()
# Kedro 1.7 calls an OmegaConf function by its old name, four times a run.
warnings.filterwarnings("ignore", message=r"register_new_resolver\(\) is deprecated")
# Kedro may yet change previews of nodes, which Kedro-Viz shows; a run says nothing by that.
warnings.filterwarnings("ignore", message="The 'preview_fn' feature is experimental")
# A variant of ablations reads datasets of another namespace, that of the full method.
warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")

# Kedro calls the last first: an output is in the ledger before its training forgets its progress
HOOKS = (
    MlflowTracking(),
    StageCosts(),
    ClearProgress(),
    RunRecords(),
    PlanPipelines(),
    OneProcessTraining(),
    ParameterCheck(),
    PrintableLogs(),
)
DATA_CATALOG_CLASS = StaleAwareCatalog
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # an environment names only the parameters it changes, at any depth
    "merge_strategy": {"parameters": "soft"},
}
