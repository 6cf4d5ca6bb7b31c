import itertools
from collections.abc import Callable

import numpy as np
import pytest

from spatial_dual.render.layout import sample_world
from spatial_dual.render.world import World


@pytest.fixture(scope="session")
def worlds() -> Callable[[int], list[World]]:
    """The first worlds of one seed."""

    def first(count: int) -> list[World]:
        drawn = (sample_world(np.random.default_rng([0, number])) for number in itertools.count())
        return list(itertools.islice(filter(None, drawn), count))

    return first
