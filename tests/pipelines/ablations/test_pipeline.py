"""The pipeline of the project's own variants: shared once, the rest in namespaces, all kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline

from spatial_dual.diffusion import PurityOrder
from spatial_dual.models.generation import SamplingOptions
from spatial_dual.pipelines.ablations.nodes import tabulate_figures, tabulate_scores
from spatial_dual.pipelines.ablations.plan import check_plan, make_plan

CHOICE = {
    "variants": "vanilla_dual+without_dgae",
    "seeds": "0+1",
    "changes_of_all": {"sampling": {"drawings": 1}, "generate": {"from_gold_count": 3}},
}


@pytest.fixture(scope="module")
def context(project_path: Path) -> Iterator[KedroContext]:
    bootstrap_project(project_path)
    params = {"ablations": CHOICE}
    with KedroSession.create(project_path, env="smoke", runtime_params=params) as session:
        pipelines.set_requested(["ablations"])
        yield session.load_context()
        pipelines.set_requested(None)


@pytest.fixture(scope="module")
def pipeline(context: KedroContext) -> Pipeline:
    return pipelines["ablations"]


def made_by(pipeline: Pipeline, output: str) -> list[str]:
    return sorted(node.name for node in pipeline.nodes if output in _plain(node.outputs))


def _plain(names: list[str]) -> set[str]:
    return {name.rsplit(".", 1)[-1] for name in names}


def test_what_no_variant_changes_runs_once(pipeline: Pipeline) -> None:
    for output in ("perceiver", "tokens_train", "log_priors_train", "scene_classifier", "judge"):
        assert len(made_by(pipeline, output)) == 1, output


def test_ddcap_reveals_the_surest_words_first(context: KedroContext) -> None:
    changes = context.params["ablations"]["changes"]["ddcap"]["sampling"]
    options = SamplingOptions(**context.params["sampling"] | changes)
    assert isinstance(options.order_of(8, is_grid=False), PurityOrder)
    assert options.purity_weight == 1


def test_variants_share_all_that_a_comparison_of_single_samples_needs(
    context: KedroContext,
) -> None:
    """Candidates, sampler, splits, conditions and steps; DDCap reveals in its own order."""
    parameters = context.config_loader["parameters"]
    everything = {**parameters["ablations"], "variants": "all", "seeds": 0, "changes_of_all": {}}
    runs = make_plan({**parameters, "ablations": everything}).runs
    assert len(runs) == len(everything["changes"]) > 15
    own = {"order", "purity_weight", "decode_text"}
    for run in runs:
        given = run.parameters
        for section in ("generate", "evaluate"):
            assert given[section] == parameters[section], run.variant
        sampling = {k: v for k, v in given["sampling"].items() if k not in own}
        assert sampling == {k: v for k, v in parameters["sampling"].items() if k not in own}
        assert given["graph_diffusion"]["condition"] == "tokens"
        assert given["dual"]["fit"] == parameters["dual"]["fit"]
        if run.variant != "ddcap":
            assert given["sampling"]["order"] == parameters["sampling"]["order"]


def test_a_stage_runs_in_the_namespaces_that_need_their_own(pipeline: Pipeline) -> None:
    def runs(output: str) -> set[str]:
        return {name.rsplit(".", 1)[0] for name in made_by(pipeline, output) if "." in name}

    both = {f"{v}.seed_{s}" for v in ("vanilla_dual", "without_dgae") for s in (0, 1)}
    sd3 = {f"sd3.seed_{s}" for s in (0, 1)}
    untrained = {name for name in both if name.startswith("without")}
    assert runs("dual") == runs("samples") == runs("results") == both
    assert runs("dgae") == runs("graph_diffuser") == sd3 | untrained
    assert runs("visual_decoder") == both


def test_report_needs_no_other_run(pipeline: Pipeline) -> None:
    made_elsewhere = pipelines["report"].inputs() - pipeline.all_outputs()
    of_no_node = {name for name in made_elsewhere if not name.startswith("params:")}
    assert not of_no_node & pipelines["__default__"].all_outputs()
    assert {"metrics", "samples", "spatial_dual"} <= pipeline.all_outputs()


def test_a_variant_reads_the_reference_of_its_own_seed(pipeline: Pipeline) -> None:
    (train,) = (node for node in pipeline.nodes if node.name == "vanilla_dual.seed_1.train_dual")
    assert "sd3.seed_1.dgae" in train.inputs
    assert "log_priors_train" in train.inputs
    assert "params:train" in train.inputs
    assert "params:vanilla_dual.seed_1.dual" in train.inputs
    assert not any("seed_0" in name for name in train.inputs)


def test_every_input_is_kept_or_made_and_every_parameter_is_there(
    pipeline: Pipeline, context: KedroContext
) -> None:
    catalog = context.catalog
    assert [name for name in pipeline.inputs() if name not in catalog] == []
    slow = ("dual", "dgae", "samples", "judged", "results", "graph_codes_train", "spatial_dual")
    for name in slow:
        kept = f"without_dgae.seed_1.{name}"
        assert kept in pipeline.all_outputs()
        assert not getattr(catalog.get(kept), "_EPHEMERAL", False), kept
    seeds = [catalog.load(f"params:without_dgae.seed_{seed}.seed") for seed in (0, 1)]
    assert seeds == [0, 1]
    assert catalog.load("params:without_dgae.seed_0.dgae.fit.steps") == 0
    assert catalog.load("params:sd3.seed_0.dgae.fit.steps") > 0


def test_what_all_variants_change_leaves_the_default_run_alone(
    pipeline: Pipeline, context: KedroContext
) -> None:
    nodes = {node.name: node for node in pipeline.nodes}
    own = nodes["without_dgae.seed_0.draw_gold_graphs"].inputs
    assert "params:without_dgae.seed_0.generate" in own
    assert "params:generate" in nodes["draw_gold_graphs"].inputs
    load = context.catalog.load
    assert load("params:without_dgae.seed_0.generate.from_gold_count") == 3
    assert load("params:generate.from_gold_count") != 3
    assert load("params:without_dgae.seed_0.sampling.drawings") == 1
    assert load("params:sampling.drawings") != 1


def test_every_variant_is_valid_and_a_bad_value_is_named(context: KedroContext) -> None:
    parameters = context.config_loader["parameters"]
    everything = {**parameters["ablations"], "variants": "all", "seeds": 0}
    check_plan(make_plan({**parameters, "ablations": everything}))
    wrong = {**everything["changes"], "short": {"dual": {"fit": {"steps": "few"}}}}
    plan = make_plan({**parameters, "ablations": {**everything, "changes": wrong}})
    with pytest.raises(ValueError, match=r"changes\.short\.dual\.fit\.steps: 'few'"):
        check_plan(plan)


def test_figures_become_rows_and_those_of_no_graph_are_left_out() -> None:
    metrics = {
        "draw": {"single": {"relation_accuracy": 0.5, "n": 6, "new": {"objects_in_place": 0.3}}},
        "graph_diffusion": {"text": {"recall": 0.2}},
        "bounds": {"val": {"graph_given_text": 0.4, "image_given_text_graph": 1.5}},
        "trirec": {"drawn": {"recall": 0.1}},
        "refused": {"images.fid": "too few"},
        "protocol": {"samples": 8, "seed": 3},
    }
    seeing, blind = ({"image_diffuser": {"model": {"sees_graph": s}}} for s in (True, False))
    rows = tabulate_figures(metrics, "sd3", 3, seeing)
    kept = ["draw.single.relation_accuracy", "bounds.val.image_given_text_graph"]
    kept += ["trirec.drawn.recall"]
    of_graph = ["draw.single.new.objects_in_place", "graph_diffusion.text.recall"]
    of_graph += ["bounds.val.graph_given_text"]
    assert set(rows["metric"]) == {*kept, *of_graph}
    found = rows.set_index("metric").loc["draw.single.relation_accuracy"]
    assert found.to_dict() == {"variant": "sd3", "seed": 3, "value": 0.5, "n": 6}
    left = tabulate_figures(metrics, "singleton", 3, blind)["metric"].tolist()
    assert left == kept


def test_scores_say_whose_they_are() -> None:
    import pandas as pd

    names = ["m", "graph_diffusion.image.recall"]
    scores = pd.DataFrame({"id": ["a"] * 2, "metric": names, "right": [1.0] * 2, "total": 2.0})
    seeing, blind = ({"image_diffuser": {"model": {"sees_graph": s}}} for s in (True, False))
    rows = tabulate_scores(scores, "sd3", 4, seeing)
    assert list(rows.columns) == ["variant", "seed", "id", "metric", "right", "total"]
    assert rows.iloc[0].tolist() == ["sd3", 4, "a", "m", 1.0, 2.0]
    assert rows["metric"].tolist() == names
    assert tabulate_scores(scores, "singleton", 4, blind)["metric"].tolist() == names[:1]
    assert "variant" not in scores
