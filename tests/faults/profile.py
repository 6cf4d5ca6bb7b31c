"""How much is tried: a few seconds in the suite, a thousand times as much with ``FAULTS=long``."""

import os
from typing import Any

from hypothesis import HealthCheck, settings

LONG = os.environ.get("FAULTS") == "long"
FACTOR = 100 if LONG else 1


def examples(count: int) -> Any:
    """Settings of a property that is tried on ``count`` inputs in the suite.

    The suite tries the same ones each time; ``make faults`` tries new ones.
    """
    return settings(
        max_examples=count * FACTOR,
        deadline=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
