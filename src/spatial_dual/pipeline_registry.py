"""The project's pipelines: one per stage, and what ``kedro run`` makes of them.

``train`` runs the stages from data to models, ``__default__`` all stages. Each stage's nodes carry
its name as their tag. ``ablations`` depends on parameters, so ``hooks.PlanPipelines`` makes it once
they are known. Nothing here, nor in a stage's ``pipeline.py`` and ``nodes.py``, imports torch, so
that ``kedro registry list`` answers at once.
"""

from importlib import import_module
from importlib.util import find_spec

from kedro.pipeline import Pipeline

TRAINING_STAGES = (
    "scenes",
    "perception",
    "scene_graphs",
    "tokens",
    "dgae",
    "alignment",
    "graph_diffusion",
    "dual",
)
STAGES = (*TRAINING_STAGES, "generate", "evaluate", "report")
ON_REQUEST = ("gold_graphs", "rating_sheets", "pretrained", "text_parser", "parsing_report")
"""Pipelines that are no part of the default run: of other data, or with people in between."""
ABLATIONS = "ablations"


def register_pipelines() -> dict[str, Pipeline]:
    """All pipelines by the name that ``kedro run --pipelines=NAME`` takes."""
    stages = {
        name: load_stage(name) for name in STAGES if find_spec(f"{__package__}.pipelines.{name}")
    }
    training = [stage for name, stage in stages.items() if name in TRAINING_STAGES]
    return {
        **stages,
        "train": sum(training, Pipeline([])),
        "__default__": sum(stages.values(), Pipeline([])),
        **{name: load_stage(name) for name in ON_REQUEST},
        ABLATIONS: Pipeline([]),
    }


def load_stage(stage: str) -> Pipeline:
    """A stage as it is without parameters, each of its nodes tagged with its name."""
    module = import_module(f"{__package__}.pipelines.{stage}")
    return Pipeline(module.create_pipeline(), tags=stage)
