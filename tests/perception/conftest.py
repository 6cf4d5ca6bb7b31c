import json

import numpy as np
import pytest

from spatial_dual.datasets.records import Records, write_records

COLOURS = {"red": (200, 30, 30), "blue": (30, 30, 200)}
LABELS = ("near", "far")
SIZE = 32


@pytest.fixture(scope="session")
def records(tmp_path_factory) -> Records:
    """Two coloured squares an image, the upper one far and the lower one near."""
    rng = np.random.default_rng(3)
    count = 24
    rows = {
        "id": [f"s{i}" for i in range(count)],
        "image": np.full((count, SIZE, SIZE, 3), 128, np.uint8),
        "depth": np.full((count, SIZE, SIZE), 4.0, np.float16),
        "instances": np.zeros((count, SIZE, SIZE), np.uint8),
        "labels": [["near", "far"]] * count,
        "graph": [],
    }
    for scene in range(count):
        objects = []
        for instance, (label, top, metres) in enumerate((("near", 18, 1.0), ("far", 4, 2.0)), 1):
            left, side = rng.integers(2, 18), rng.integers(8, 12)
            colour = str(rng.choice(list(COLOURS)))
            place = np.s_[scene, top : top + side, left : left + side]
            rows["image"][place] = COLOURS[colour]
            rows["depth"][place] = metres
            rows["instances"][place] = instance
            pose = "facing left" if left < 10 else "facing right"
            objects.append({"label": label, "attributes": [colour, "plain", pose]})
        rows["graph"].append(json.dumps({"schema_version": 1, "objects": objects}))
    return write_records(tmp_path_factory.mktemp("records") / "squares", [rows])


@pytest.fixture(scope="session")
def photographs(records, tmp_path_factory) -> Records:
    """The same pictures without a gold graph, as real photographs come."""
    rows = next(records.chunks(len(records))) | {"graph": [""] * len(records)}
    return write_records(tmp_path_factory.mktemp("records") / "photographs", [rows])
