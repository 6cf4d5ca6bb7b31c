"""Parameters of the ``ablations`` pipeline."""

from typing import Any

from spatial_dual.pipelines.parameters import Section


class AblationsParameters(Section):
    """``parameters_ablations.yml``; changes are checked where they are made, in ``plan.py``."""

    variants: str | list[str]
    seeds: int | str | list[int]
    changes: dict[str, dict[str, dict[str, Any]]]
