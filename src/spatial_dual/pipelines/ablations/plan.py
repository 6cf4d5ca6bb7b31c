"""Which variants to train, with which parameters, and what each of them makes itself."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial_dual.pipelines.alignment.parameters import AlignmentParameters
from spatial_dual.pipelines.dgae.parameters import DgaeParameters
from spatial_dual.pipelines.dual.parameters import DualParameters, SamplingParameters
from spatial_dual.pipelines.evaluate.parameters import EvaluateParameters
from spatial_dual.pipelines.generate.parameters import GenerateParameters
from spatial_dual.pipelines.graph_diffusion.parameters import GraphDiffusionParameters
from spatial_dual.pipelines.parameters import Section, problems

Parameters = Mapping[str, Any]
REFERENCE = "sd3"
"""The full method. What a variant does not change, it takes from the reference's same seed."""
UPSTREAM: Mapping[str, tuple[str, ...]] = {
    "dgae": (),
    "alignment": ("dgae",),
    "graph_diffusion": ("dgae",),
    "dual": ("dgae", "alignment", "graph_diffusion"),
    "sampling": ("dgae", "alignment", "graph_diffusion", "dual"),
}
"""What makes a variant's model, each with what it reads from: its trainings, then the whole."""
RULES: Mapping[str, type[Section]] = {
    "dgae": DgaeParameters,
    "alignment": AlignmentParameters,
    "graph_diffusion": GraphDiffusionParameters,
    "dual": DualParameters,
    "sampling": SamplingParameters,
    "generate": GenerateParameters,
    "evaluate": EvaluateParameters,
}
"""The parameters that a variant may change."""


@dataclass(frozen=True)
class Run:
    """One variant at one seed.

    Attributes:
        variant: its name.
        seed: of its trainings and samples.
        makers: namespaces whose training of each stage in ``UPSTREAM`` it takes; "" is the
            project's own, without a namespace.
        parameters: all of ``RULES``, the variant's changes made.
    """

    variant: str
    seed: int
    makers: Mapping[str, str]
    parameters: Parameters

    @property
    def namespace(self) -> str:
        """Prefix of its nodes, datasets and parameters."""
        return _namespace(self.variant, self.seed)

    @property
    def stages(self) -> tuple[str, ...]:
        """Those that it trains itself."""
        return tuple(stage for stage, maker in self.makers.items() if maker == self.namespace)


@dataclass(frozen=True)
class Plan:
    """The chosen runs, and at each of their seeds the reference."""

    runs: tuple[Run, ...]
    references: tuple[Run, ...]

    def parameters(self) -> dict[str, dict[str, Any]]:
        """What the namespaces read: variant → seed → parameters."""
        found: dict[str, dict[str, Any]] = {}
        for run in (*self.references, *self.runs):
            own = {**run.parameters, "seed": run.seed, "variant": run.variant}
            found.setdefault(run.variant, {})[f"seed_{run.seed}"] = own
        return found


def make_plan(parameters: Parameters) -> Plan:
    """The runs that ``ablations.variants`` and ``ablations.seeds`` ask for.

    Both are "all", one value, several joined by "+" (as ``kedro run --params`` takes no lists) or
    a list. Stages in ``ablations.common`` are trained once for all seeds.

    Raises:
        ValueError: a variant that ``ablations.changes`` does not have, a seed that is no number,
            or a change of a parameter that there is not.
    """
    ablations = parameters["ablations"]
    changes = ablations["changes"]
    chosen = list(changes) if ablations["variants"] == "all" else _several(ablations["variants"])
    unknown = [name for name in chosen if name not in changes]
    if unknown:
        raise ValueError(
            f"ablations.variants: {unknown[0]!r}: there is no such variant; allowed are "
            f"{', '.join(changes)}"
        )
    seeds = [_seed(value) for value in _several(ablations["seeds"])]
    base = {name: parameters[name] for name in RULES}
    usual = merged(base, ablations["changes_of_all"], "ablations.changes_of_all")
    makers = _Makers(base, frozenset(ablations["common"]))

    def run(variant: str, seed: int) -> Run:
        changed = merged(usual, changes[variant], f"ablations.changes.{variant}")
        return Run(variant, seed, makers.of(variant, seed, changed), changed)

    references = tuple(run(REFERENCE, seed) for seed in seeds)
    return Plan(tuple(run(variant, seed) for variant in chosen for seed in seeds), references)


def check_plan(plan: Plan) -> None:
    """Ask each stage's own rules about what variants make of its parameters.

    Raises:
        ValueError: a bad value, with variant, key and what is allowed.
    """
    for run in plan.runs:
        for stage, rules in RULES.items():
            for key, text in problems(rules, run.parameters[stage]).items():
                raise ValueError(f"ablations.changes.{run.variant}.{stage}.{key}: {text}")


def merged(base: Parameters, changes: Parameters, where: str) -> dict[str, Any]:
    """``base`` with the leaves that ``changes`` names; a null may become a mapping.

    Raises:
        ValueError: a change of what ``base`` does not have; the message names it.
    """
    result = dict(base)
    for name, value in changes.items():
        if name not in base:
            raise ValueError(f"{where}.{name}: no such parameter; there are {', '.join(base)}")
        nested = isinstance(base[name], Mapping)
        if nested and not isinstance(value, Mapping):
            raise ValueError(f"{where}.{name}: needs a mapping, got {value!r}")
        result[name] = merged(base[name], value, f"{where}.{name}") if nested else value
    return result


class _Makers:
    """Who trains what: of runs that train a stage alike, the first one asked about.

    Alike are the same parameters of the stage and of all it reads from, and the same seed, unless
    the stage is in ``common``: its training then is the project's own where nothing is changed.
    """

    def __init__(self, base: Parameters, common: frozenset[str]) -> None:
        self._base = base
        self._common = common
        self._first: dict[str, str] = {}

    def of(self, variant: str, seed: int, parameters: Parameters) -> dict[str, str]:
        """The namespace that makes each stage for a run; "" is the project's own."""
        own, makers = _namespace(variant, seed), {}
        for stage, sources in UPSTREAM.items():
            read = (*sources, stage)
            is_common = self._common.issuperset(read)
            if is_common and all(parameters[name] == self._base[name] for name in read):
                makers[stage] = ""
                continue
            alike = [stage, None if is_common else seed, *(parameters[name] for name in read)]
            makers[stage] = self._first.setdefault(json.dumps(alike, sort_keys=True), own)
        return makers


def _namespace(variant: str, seed: int) -> str:
    return f"{variant}.seed_{seed}"


def _several(value: object) -> list[str]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(item) for item in value]
    return str(value).split("+")


def _seed(value: str) -> int:
    if not value.isdecimal():
        raise ValueError(f"ablations.seeds: {value!r}: must be a whole number of at least 0")
    return int(value)
