import os

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported: no test asks the hub

import numpy as np
import pytest

from tests.perception.hub import checkpoints


@pytest.fixture(scope="session")
def images():
    return np.random.default_rng(0).integers(0, 255, (3, 48, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Folder of a checkpoint by the name of its maker in ``checkpoints``; each is made once."""
    made = {}

    def make(name, *arguments, **stated):
        key = (name, *arguments, *stated.items())
        if key not in made:
            folder = tmp_path_factory.mktemp("checkpoints") / name
            made[key] = str(getattr(checkpoints, name)(folder, *arguments, **stated))
        return made[key]

    return make
