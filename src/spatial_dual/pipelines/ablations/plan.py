"""Which variants to train, with which parameters, and what each of them makes itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial_dual.pipelines.alignment.parameters import AlignmentParameters
from spatial_dual.pipelines.dgae.parameters import DgaeParameters
from spatial_dual.pipelines.dual.parameters import DualParameters
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
}
"""The stages that variants and seeds train, each with the stages that it reads from."""
RULES: Mapping[str, type[Section]] = {
    "dgae": DgaeParameters,
    "alignment": AlignmentParameters,
    "graph_diffusion": GraphDiffusionParameters,
    "dual": DualParameters,
}


@dataclass(frozen=True)
class Run:
    """One variant at one seed.

    Attributes:
        variant: its name.
        seed: of its trainings and samples.
        stages: trained by the variant itself; the others are the reference's.
        parameters: of all stages in ``UPSTREAM``, the variant's changes made.
    """

    variant: str
    seed: int
    stages: tuple[str, ...]
    parameters: Parameters

    @property
    def namespace(self) -> str:
        """Prefix of its nodes, datasets and parameters."""
        return f"{self.variant}.seed_{self.seed}"

    @property
    def reference(self) -> str:
        """Namespace that it takes unchanged stages from."""
        return f"{REFERENCE}.seed_{self.seed}"


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
    a list.

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
            f"ablations.variants: there is no variant {unknown[0]!r}; choose from "
            f"{', '.join(changes)}"
        )
    seeds = [_seed(value) for value in _several(ablations["seeds"])]
    base = {stage: parameters[stage] for stage in UPSTREAM}

    def run(variant: str, seed: int) -> Run:
        where = f"ablations.changes.{variant}"
        changed = merged(base, changes[variant], where)
        return Run(variant, seed, tuple(_own_stages(changes[variant], variant)), changed)

    return Plan(
        tuple(run(variant, seed) for variant in chosen for seed in seeds),
        tuple(run(REFERENCE, seed) for seed in seeds),
    )


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


def _own_stages(changes: Parameters, variant: str) -> Iterator[str]:
    own: set[str] = set()
    for stage, sources in UPSTREAM.items():
        if variant == REFERENCE or stage in changes or own & set(sources):
            own.add(stage)
            yield stage


def _several(value: object) -> list[str]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(item) for item in value]
    return str(value).split("+")


def _seed(value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise ValueError(f"ablations.seeds: {value!r} is no whole number") from error
