"""Nodes of the ``perception`` stage."""

import numpy as np
import pytest

from spatial_dual.datasets.records import write_records
from spatial_dual.pipelines.perception.nodes import train_perceiver


def test_photographs_without_instances_teach_nothing_and_it_says_so(tmp_path):
    chunk = {
        "id": ["a"],
        "image": np.zeros((1, 32, 32, 3), np.uint8),
        "labels": [[]],
        "graph": [""],
    }
    scenes = write_records(tmp_path, [chunk])
    fit = {"steps": 1, "batch_size": 1, "learning_rate": 1e-3}
    parameters = {"hub": None, "attribute_kinds": {}, "model": {}, "fit": fit}
    with pytest.raises(ValueError, match=r"no record has an instance(.|\n)*perception\.hub"):
        train_perceiver(scenes, None, parameters, {}, 0)
