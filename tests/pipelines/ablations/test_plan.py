"""Which variants run, with what, and what they make themselves."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from spatial_dual.pipelines.ablations.plan import REFERENCE, Plan, make_plan, merged

BASE = {
    "dgae": {"fit": {"steps": 4}, "gold_noise": 0.0},
    "alignment": {"fit": {"steps": 5}},
    "graph_diffusion": {"fit": {"steps": 6}},
    "dual": {"weights": {"duality": 0.1, "graph": 1.0}, "captioner": None},
    "sampling": {"drawings": 4},
    "generate": {"count": None},
    "evaluate": {"round_trips": 20},
}
CHANGES = {
    "sd3": {},
    "blind": {"alignment": {"fit": {"steps": 0}}, "dual": {"weights": {"graph": 0.0}}},
    "noisy": {"dgae": {"gold_noise": 0.5}},
    "untaught": {"dual": {"weights": {"duality": 0.0}}},
    "spoken": {"dual": {"captioner": {"dim": 8}}},
    "hasty": {"sampling": {"drawings": 1}},
}


def plan(
    variants: object = "all",
    seeds: object = 0,
    changes: object = CHANGES,
    common: tuple[str, ...] = (),
    of_all: Mapping[str, object] = MappingProxyType({}),
) -> Plan:
    chosen = {"variants": variants, "seeds": seeds, "common": common, "changes": changes}
    return make_plan({**BASE, "ablations": {**chosen, "changes_of_all": of_all}, "seed": 0})


def test_runs_are_variants_times_seeds_however_they_are_written() -> None:
    expected = [("blind", 1), ("blind", 7), ("sd3", 1), ("sd3", 7)]
    for variants, seeds in (("blind+sd3", "1+7"), (["blind", "sd3"], [1, 7])):
        assert [(r.variant, r.seed) for r in plan(variants, seeds).runs] == expected
    assert {r.variant for r in plan().runs} == set(CHANGES)
    assert [(r.variant, r.seed) for r in plan("noisy", 3).references] == [(REFERENCE, 3)]


@pytest.mark.parametrize(
    ("variant", "stages"),
    [
        ("sd3", ("dgae", "alignment", "graph_diffusion", "dual", "sampling")),
        ("noisy", ("dgae", "alignment", "graph_diffusion", "dual", "sampling")),
        ("blind", ("alignment", "dual", "sampling")),
        ("untaught", ("dual", "sampling")),
        ("hasty", ("sampling",)),
    ],
)
def test_a_variant_makes_the_first_stage_it_changes_and_all_that_follow(
    variant: str, stages: tuple[str, ...]
) -> None:
    assert plan(variant).runs[0].stages == stages


def test_stages_trained_alike_are_trained_once() -> None:
    """Two blind variants share the alignment of the first; seeds share none."""
    twins = {**CHANGES, "blinder": {**CHANGES["blind"], "dual": {"weights": {"graph": 0.5}}}}
    blind, later, blinder, _ = plan("blind+blinder", "0+1", changes=twins).runs
    assert blind.makers["alignment"] == blinder.makers["alignment"] == "blind.seed_0"
    assert later.makers["alignment"] == "blind.seed_1"
    assert later.makers["dgae"] == "sd3.seed_1"
    assert blind.stages == ("alignment", "dual", "sampling")
    assert blinder.stages == ("dual", "sampling")


def test_common_stages_are_the_projects_own_for_all_seeds_unless_changed() -> None:
    common = ("dgae", "alignment", "graph_diffusion")
    runs = {r.namespace: r for r in plan("sd3+blind+noisy", "0+1", common=common).runs}
    assert runs["sd3.seed_1"].makers == {
        "dgae": "",
        "alignment": "",
        "graph_diffusion": "",
        "dual": "sd3.seed_1",
        "sampling": "sd3.seed_1",
    }
    assert runs["blind.seed_1"].makers["alignment"] == "blind.seed_0"
    assert runs["noisy.seed_1"].stages == ("dual", "sampling")
    # what reads from a changed stage is changed too, and common with it
    for stage in ("dgae", "alignment", "graph_diffusion"):
        assert runs["noisy.seed_1"].makers[stage] == "noisy.seed_0"
    # a stage is common only with all that it reads from
    alone = plan("sd3", "1", common=("alignment",)).runs[0]
    assert alone.stages == tuple(alone.makers)


def test_parameters_differ_exactly_where_the_changes_say() -> None:
    found = plan("blind+spoken", "0+1").parameters()
    assert found["sd3"]["seed_1"] == {**BASE, "seed": 1, "variant": "sd3"}
    blind = found["blind"]["seed_0"]
    assert blind["alignment"] == {"fit": {"steps": 0}}
    assert blind["dual"] == {"weights": {"duality": 0.1, "graph": 0.0}, "captioner": None}
    assert {k: blind[k] for k in ("dgae", "graph_diffusion", "seed")} == {
        **{k: BASE[k] for k in ("dgae", "graph_diffusion")},
        "seed": 0,
    }
    assert found["spoken"]["seed_0"]["dual"]["captioner"] == {"dim": 8}
    assert BASE["dual"]["weights"]["graph"] == 1.0


def test_what_all_variants_change_is_of_the_namespaces_alone() -> None:
    """A variant's own change wins; what is changed is not the project's own."""
    of_all = {"sampling": {"drawings": 2}, "dgae": {"fit": {"steps": 1}}}
    made = plan("sd3+hasty", "0", common=("dgae",), of_all=of_all)
    found = made.parameters()
    assert found["sd3"]["seed_0"]["sampling"] == {"drawings": 2}
    assert found["hasty"]["seed_0"]["sampling"] == {"drawings": 1}
    assert found["sd3"]["seed_0"]["generate"] == BASE["generate"]
    assert [run.makers["dgae"] for run in made.runs] == ["sd3.seed_0"] * 2
    assert BASE["sampling"] == {"drawings": 4}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"variants": "sd3+sd4"}, "sd4.*blind"),
        ({"seeds": "0+one"}, "one"),
        ({"changes": {"sd3": {"dual": {"wieghts": {}}}}}, r"sd3\.dual\.wieghts"),
        ({"changes": {"sd3": {"dual": {"weights": 0}}}}, r"sd3\.dual\.weights: needs a mapping"),
        ({"changes": {"sd3": {"tokens": {}}}}, r"sd3\.tokens"),
        ({"of_all": {"dual": {"fit": {}}}}, r"changes_of_all\.dual\.fit: no such parameter"),
    ],
)
def test_mistakes_are_named(arguments: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        plan(**arguments)


def test_merging_leaves_both_sides_alone() -> None:
    base = {"a": {"b": 1, "c": 2}}
    assert merged(base, {"a": {"b": 3}}, "x") == {"a": {"b": 3, "c": 2}}
    assert base == {"a": {"b": 1, "c": 2}}
