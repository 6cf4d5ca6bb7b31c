"""Bounds of likelihoods: of which records, under which keys, and the test split left alone."""

import numpy as np
import pytest

from spatial_dual.pipelines.evaluate.bound_nodes import evaluate_bounds
from tests.pipelines.known_models import GOLD, ROWS, records_of_scenes


class Unread:
    """Records that nobody may ask for anything."""

    def __getattr__(self, name):
        raise AssertionError(f"the test split is read: {name}")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return records_of_scenes(tmp_path_factory.mktemp("data"))


@pytest.fixture
def asked(monkeypatch):
    """The examples whose likelihoods were bounded; each bound is the example's number."""
    examples = []

    def bounds(model, some):
        examples.append(some)
        return {"image_given_text_graph": np.arange(len(some), dtype=float)}

    monkeypatch.setattr("spatial_dual.models.likelihood.likelihood_bounds", bounds)
    return examples


def test_both_splits_have_bounds_of_their_first_records_and_by_composition(data, asked):
    pair = (data["scenes"], data["graphs"])
    found = evaluate_bounds(None, *pair, *pair, {"split": "test", "bounds": 3})
    assert set(found) == {"val", "test"}
    one = found["test"]
    assert (one["n"], one["image_given_text_graph"]) == (3, 1.0)
    assert (one["seen"]["n"], one["seen"]["image_given_text_graph"]) == (2, 1.0)
    assert (one["new"]["n"], one["new"]["image_given_text_graph"]) == (1, 1.0)
    assert [each.gold for each in asked[0]] == GOLD[:3]
    assert [each.text for each in asked[0]] == [ROWS[k]["captions"][k % 4] for k in range(3)]
    assert all(np.array_equal(a.image, b["image"]) for a, b in zip(asked[0], ROWS, strict=False))


def test_figures_of_the_validation_split_leave_the_test_split_alone(data, asked):
    pair = (data["scenes"], data["graphs"])
    found = evaluate_bounds(None, *pair, Unread(), Unread(), {"split": "val", "bounds": 2})
    assert set(found) == {"val"}
    assert found["val"]["n"] == 2
