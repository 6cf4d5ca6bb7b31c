"""All chosen variants and seeds: namespaces of the stages' own factories, differing in parameters.

What no variant changes, from scenes to priors, runs once and without a namespace, and so does the
default run, whose samples and model the report's figures show. A stage that two runs train alike is
trained by the first of them, the full method at the same seed before all.
"""

from collections.abc import Callable, Mapping
from functools import cache

from kedro.pipeline import Node, Pipeline, node

from spatial_dual.pipelines import alignment, dgae, generate, graph_diffusion
from spatial_dual.pipelines.ablations.nodes import tabulate_figures, tabulate_scores
from spatial_dual.pipelines.ablations.plan import RULES, Plan, Run
from spatial_dual.pipelines.dual.pipeline import create_assembly, create_training
from spatial_dual.pipelines.evaluate.pipeline import create_sample_figures
from spatial_dual.pipelines.splits import on_split

FACTORIES: Mapping[str, Callable[[], Pipeline]] = {
    "dgae": dgae.create_pipeline,
    "alignment": alignment.create_pipeline,
    "graph_diffusion": graph_diffusion.create_pipeline,
    "dual": create_training,
    "sampling": create_assembly,
}
OWN_PARAMETERS = {*RULES, "seed", "variant"}
"""Parameters that a namespace has of its own; all others are everybody's."""


def create_pipeline(plan: Plan, everything: Pipeline) -> Pipeline:
    """The runs of a plan, and of ``everything`` what they and afterwards ``report`` read."""
    runs: list[Node] = [node for run in plan.runs for node in _run(run).nodes]
    made = {output for node in runs for output in node.outputs}
    asked = {name for node in runs for name in node.inputs} - made
    for run in plan.references:
        stages = _namespaced(_stages(run.stages), run)
        wanted = asked & stages.all_outputs()
        if wanted:
            runs += stages.to_outputs(*wanted).nodes
    namespaced = Pipeline(set(runs))
    read = namespaced.inputs() | everything.only_nodes_with_tags("report").inputs()
    return namespaced + everything.to_outputs(*(read & everything.all_outputs()))


def _run(run: Run) -> Pipeline:
    splits = (run.parameters[name]["split"] for name in ("generate", "evaluate"))
    return _namespaced(Pipeline([_stages(run.stages), _figures(*splits)]), run)


@cache
def _figures(of_samples: str, of_figures: str) -> Pipeline:
    """From a trained model to its rows, by the splits of ``generate`` and ``evaluate``."""
    results = Pipeline(
        [
            node(
                tabulate_figures,
                inputs=["metrics", "params:variant", "params:seed", "params:dual"],
                outputs="results",
                name="tabulate_figures",
            ),
            node(
                tabulate_scores,
                inputs=["sample_scores", "params:variant", "params:seed", "params:dual"],
                outputs="scores",
                name="tabulate_scores",
            ),
        ]
    )
    samples = on_split(generate.create_pipeline(), of_samples)
    return Pipeline([samples, on_split(create_sample_figures(), of_figures), results])


@cache
def _stages(names: tuple[str, ...]) -> Pipeline:
    return Pipeline([FACTORIES[name]() for name in names])


def _namespaced(pipe: Pipeline, run: Run) -> Pipeline:
    """``pipe`` in the run's namespace, its inputs from those that make them or from everybody."""
    taken = {stage: maker for stage, maker in run.makers.items() if maker != run.namespace}
    inputs = {name: _of(m, name) for s, m in taken.items() for name in FACTORIES[s]().all_outputs()}
    parameters = {name for name in pipe.inputs() if name.startswith("params:")}
    read = {n for n in pipe.inputs() - parameters if not n.endswith("_progress")}
    return Pipeline(
        pipe,
        namespace=run.namespace,
        tags="ablations",
        inputs={name: inputs.get(name, name) for name in read},
        parameters={name for name in parameters if _root(name) not in OWN_PARAMETERS},
    )


def _of(namespace: str, name: str) -> str:
    return f"{namespace}.{name}" if namespace else name


def _root(parameter: str) -> str:
    return parameter.removeprefix("params:").split(".")[0]
