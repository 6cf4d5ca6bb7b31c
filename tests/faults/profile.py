"""How much is tried: a few seconds in the suite, 10⁶ inputs and every call with ``FAULTS=long``."""

import os

LONG = os.environ.get("FAULTS") == "long"
FIRST = int(os.environ.get("FAULTS_SEED", "0"))
"""Number of the first input; each is made of its number alone."""

tried = 0
"""Inputs up to now."""


def inputs(short: int, long: int) -> int:
    """How many inputs a test tries: ``short`` in the suite, ``long`` with ``FAULTS=long``."""
    global tried
    count = long if LONG else short
    tried += count
    return count
