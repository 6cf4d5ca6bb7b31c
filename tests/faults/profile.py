"""How much is tried: a few seconds in the suite, a thousand times as much with ``FAULTS=long``."""

import os
from typing import Any

from hypothesis import HealthCheck, settings

LONG = os.environ.get("FAULTS") == "long"
FACTOR = int(os.environ.get("FAULTS_FACTOR", "600")) if LONG else 1
TRIED: list[int] = []
"""Inputs of each test."""


def inputs(count: int) -> int:
    """How many inputs a test tries that tries ``count`` in the suite."""
    TRIED.append(count * FACTOR)
    return count * FACTOR


def examples(count: int) -> Any:
    """Settings of a property that is tried on ``count`` inputs in the suite.

    The suite tries the same ones each time; ``make faults`` tries new ones.
    """
    return settings(
        max_examples=inputs(count),
        deadline=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
