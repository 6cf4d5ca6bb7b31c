"""Parameters of the ``ablations`` pipeline."""

from typing import Any, Literal

from spatial_dual.pipelines.parameters import Section


class AblationsParameters(Section):
    """``parameters_ablations.yml``; changes are checked where they are made, in ``plan.py``."""

    variants: str | list[str]
    seeds: int | str | list[int]
    common: list[Literal["dgae", "alignment", "graph_diffusion"]]
    changes_of_all: dict[str, dict[str, Any]]
    changes: dict[str, dict[str, dict[str, Any]]]
